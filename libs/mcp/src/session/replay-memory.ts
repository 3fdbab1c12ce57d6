/** What all sessions together may remember of what they have said, in characters. */
const MOST_CHARACTERS = 67_108_864;

/** One session that remembers. */
export interface Rememberer {
  /** Forgets the oldest that it remembers; returns how many characters that were, and 0 when there is nothing left. */
  forgetOldest(): number;
}

/**
 * Adds up what all sessions remember, so that it is bounded together: a client at its bound in each of its sessions,
 * times many clients, is more than a process has. Whoever has been silent longest forgets first.
 */
export class ReplayMemory {
  #characters = 0;
  /** In the order in which they last spoke. */
  readonly #rememberers = new Set<Rememberer>();
  readonly #most: number;

  constructor(most = MOST_CHARACTERS) {
    this.#most = most;
  }

  get characters(): number {
    return this.#characters;
  }

  remembered(by: Rememberer, characters: number): void {
    this.#characters += characters;
    this.#rememberers.delete(by);
    this.#rememberers.add(by);
    for (const one of this.#rememberers) {
      while (this.#characters > this.#most && one.forgetOldest() > 0);
      if (this.#characters <= this.#most) return;
    }
  }

  /** It has forgotten so much, by itself or because it was told to. */
  forgotten(characters: number): void {
    this.#characters -= characters;
  }

  /** It remembers nothing any more. */
  leave(by: Rememberer): void {
    this.#rememberers.delete(by);
  }
}
