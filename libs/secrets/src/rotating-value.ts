import type { Rotating } from './secrets.ts';

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

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** A secret that never changes. */
export function fixed<T>(value: T): Rotating<T> {
  return { current: value, previous: undefined, onChange: () => () => undefined };
}
