import type { Setting } from '#config';
import type { Rotating, Secrets } from './secrets.ts';

/** A value that its owner changes, and others watch. */
export class RotatingValue<T> implements Rotating<T> {
  #current: T;
  #previous: T | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(initial: T) {
    this.#current = initial;
  }

  get current(): T {
    return this.#current;
  }

  get previous(): T | undefined {
    return this.#previous;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Says nothing yet: what changes together is told of together. */
  set(next: T): void {
    this.#previous = this.#current;
    this.#current = next;
  }

  /** All hear of it, whatever becomes of one. @throws AggregateError of what they threw */
  tell(): void {
    const errors: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '));
  }
}

/** The live value of a setting; where nothing keeps secrets up to date, what the settings say. */
export function liveValue<T>(secrets: Secrets | undefined, setting: Setting<T>, value: T): Rotating<T> {
  return secrets?.watch(setting) ?? fixed(value);
}

/** A secret that never changes. */
export function fixed<T>(value: T): Rotating<T> {
  return { current: value, previous: undefined, onChange: () => () => undefined };
}
