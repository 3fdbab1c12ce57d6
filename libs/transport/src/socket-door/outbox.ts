import type { Wire } from './wire.ts';

/** The wire may hold so much that its client has not taken; what is more waits here. */
const HIGH_WATER_BYTES = 262_144;
/** What a client may leave unread of what it has not asked for. */
const MOST_UNREAD = 1_048_576;

/**
 * What is on its way to one client. Answers wait until it reads, for no more is read of it meanwhile; what is said unasked
 * has no such brake, so whoever does not read that is let go.
 */
export class Outbox {
  readonly #waiting: string[] = [];
  #characters = 0;

  constructor(
    private readonly wire: Wire,
    private readonly unread: () => void,
  ) {}

  get isFull(): boolean {
    return this.#waiting.length > 0 || this.wire.unread >= HIGH_WATER_BYTES;
  }

  add(text: string): void {
    if (!this.isFull) return this.wire.send(text);
    this.#waiting.push(text);
    this.#characters += text.length;
  }

  push(text: string): void {
    const unread = this.wire.unread + this.#characters;
    if (unread > 0 && unread + text.length > MOST_UNREAD) this.unread();
    else this.add(text);
  }

  flush(): void {
    while (this.#waiting.length > 0 && this.wire.unread < HIGH_WATER_BYTES) {
      const text = this.#waiting.shift()!;
      this.#characters -= text.length;
      this.wire.send(text);
    }
  }
}
