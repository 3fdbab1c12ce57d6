/** Entries that have not been seen where they belong. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** Line before which they should be. */
  readonly segment: number;
  readonly line: number;
}

/** More pieces than this are not remembered: a chain in such a state is past telling what moved where. */
const MAX_GAPS = 1000;

/** What is missing so far, in order. It may still turn up further down. */
export class Gaps {
  #gaps: Gap[] = [];

  open(gap: Gap): void {
    if (this.#gaps.length < MAX_GAPS) this.#gaps.push(gap);
  }

  has(seq: number): boolean {
    return this.#gaps.some(({ from, to }) => seq >= from && seq <= to);
  }

  /** The entry has turned up. */
  fill(seq: number): void {
    this.#gaps = this.#gaps.flatMap((gap) => {
      if (seq < gap.from || seq > gap.to) return [gap];
      const before = { ...gap, to: seq - 1 };
      const after = { ...gap, from: seq + 1 };
      return [before, after].filter(({ from, to }) => from <= to);
    });
  }

  [Symbol.iterator](): Iterator<Gap> {
    return this.#gaps[Symbol.iterator]();
  }
}
