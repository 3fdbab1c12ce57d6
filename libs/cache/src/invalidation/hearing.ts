import type { CacheConnection } from '#valkey';

type Handler = (message: string) => void;

/**
 * What other processes say, on one channel of Valkey. Messages are not kept for who does not listen, so it is known at each
 * moment since when something may have been missed.
 */
export class Hearing {
  #deafSince: number | undefined = performance.now();
  readonly #subscriber: ReturnType<CacheConnection['subscriber']>;
  readonly #handlers = new Set<Handler>();
  readonly #resumptions = new Set<() => void>();

  constructor(connection: CacheConnection, channel: string) {
    this.#subscriber = connection.subscriber();
    this.#subscriber.on('message', (from, message) => {
      if (from === channel) for (const handler of this.#handlers) handler(message);
    });
    this.#subscriber.on('ready', () => void this.#subscribe(channel));
    this.#subscriber.on('close', () => (this.#deafSince ??= performance.now()));
    if (this.#subscriber.status === 'ready') void this.#subscribe(channel);
  }

  /** On the clock of performance.now(); undefined while every message is heard. */
  get deafSince(): number | undefined {
    return this.#deafSince;
  }

  onMessage(handler: Handler): void {
    this.#handlers.add(handler);
  }

  /** Told before anybody learns that messages are heard again. */
  onResume(listener: () => void): void {
    this.#resumptions.add(listener);
  }

  async #subscribe(channel: string): Promise<void> {
    try {
      await this.#subscriber.subscribe(channel);
    } catch {
      return; // The connection is gone again, or this user may not: it stays deaf.
    }
    for (const listener of this.#resumptions) listener();
    this.#deafSince = undefined;
  }
}
