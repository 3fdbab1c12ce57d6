import { NO_RECORD, readLink, type Head } from '../chain/chain-link.ts';

/** Follows a chain line by line, for as long as each follows from the one before. */
export class FollowLines {
  readonly #chain: string;
  readonly #wanted = new Map<number, string>();
  seq: number;
  hash: string;
  /** Why it can't be followed any further. */
  fault: string | undefined;

  constructor(chain: string, from: Head | undefined) {
    this.#chain = chain;
    this.seq = from?.seq ?? 0;
    this.hash = from?.hash ?? NO_RECORD;
  }

  /** Its record `seq` must have this hash. */
  expect({ seq, hash }: Head): void {
    this.#wanted.set(seq, hash);
  }

  /** `line` is without its line break. What is there from before the start is passed over. */
  line(line: Buffer): void {
    if (this.fault) return;
    const link = readLink(line);
    if (!link?.sound || link.chain !== this.#chain) {
      this.fault = `entry ${this.seq + 1} is not as it was written`;
      return;
    }
    if (link.seq <= this.seq) return;
    const wanted = this.#wanted.get(link.seq);
    if (link.seq !== this.seq + 1 || link.prev !== this.hash || (wanted && wanted !== link.hash)) {
      this.fault = `entry ${link.seq} does not follow from the one before`;
      return;
    }
    this.seq = link.seq;
    this.hash = link.hash;
  }
}
