export type Step = 'tightened' | 'relaxed';

export interface DialOptions {
  last: number;
  /** Readings in a row above the threshold for a step up, and below half of it for a step down. */
  tightenAfter: number;
  relaxAfter: number;
}

/**
 * A level that goes up under lasting pressure and down after lasting calm. Between half of the threshold and the threshold
 * itself nothing changes: else a level that helps would end at once, and the attack have its way every other second.
 */
export class Dial {
  #level = 0;
  #above = 0;
  #below = 0;
  readonly #options: DialOptions;

  constructor(options: DialOptions) {
    this.#options = options;
  }

  get level(): number {
    return this.#level;
  }

  /** @param pressure a part of the threshold: 1 is at it */
  read(pressure: number): Step | undefined {
    this.#above = pressure > 1 ? this.#above + 1 : 0;
    this.#below = pressure < 0.5 ? this.#below + 1 : 0;
    const { last, tightenAfter, relaxAfter } = this.#options;
    if (this.#above >= tightenAfter) {
      this.#above = 0;
      if (this.#level === last) return undefined;
      this.#level++;
      return 'tightened';
    }
    if (this.#below < relaxAfter) return undefined;
    this.#below = 0;
    if (this.#level === 0) return undefined;
    this.#level--;
    return 'relaxed';
  }
}
