import type { Checkpoint } from '../chain/checkpoint.ts';
import type { ChainCheck } from './chain-check.ts';
import type { Findings, Harm } from './finding.ts';

/** Compares where a chain's segments end with what was signed about that. */
export class SegmentCheck {
  readonly #chain: string;
  readonly #checkpoints: readonly (Checkpoint | undefined)[];
  readonly #check: ChainCheck;
  readonly #findings: Findings;
  #last = 0;
  #rest = 0;
  #count = 0;
  #findingsBefore: number;

  constructor(
    chain: string,
    checkpoints: readonly (Checkpoint | undefined)[],
    check: ChainCheck,
    findings: Findings,
  ) {
    this.#chain = chain;
    this.#checkpoints = checkpoints;
    this.#check = check;
    this.#findings = findings;
    this.#findingsBefore = findings.count;
  }

  segmentEnd(segment: number, rest: number): void {
    if (this.#rest > 0) this.#tell('altered', 'the last line of the segment is not whole');
    this.#count++;
    this.#last = segment;
    this.#rest = rest;
    const checkpoint = this.#checkpoints[segment - 1];
    const isKept = checkpoint !== undefined && checkpoint.seq >= this.#check.removed;
    if (isKept && checkpoint.state === 'sealed' && this.#check.seq !== checkpoint.seq && this.#soundSoFar) {
      this.#tell('reordered', `the segment ends with entry ${this.#check.seq} instead of ${checkpoint.seq}`);
    }
    this.#findingsBefore = this.#findings.count;
  }

  /** To be called when all segments are told, and the chain is checked. */
  end() {
    const newest = this.#checkpoints.at(-1);
    const { seq, records } = this.#check;
    const neverBegun = this.#checkpoints.length === 0 && records <= 1 && this.#last <= 1;
    if (!neverBegun) this.#checkEnd(newest);
    return {
      segments: Math.max(this.#count, this.#checkpoints.length),
      state: neverBegun ? 'never begun' : (newest?.state ?? 'unsigned'),
      unsigned: Math.max(0, seq - (newest?.seq ?? 0)),
      torn: this.#rest,
    };
  }

  #checkEnd(newest: Checkpoint | undefined): void {
    const { seq } = this.#check;
    // A segment is sealed once the next one has a checkpoint: the last checkpoint there is can't be of a sealed one.
    if (!newest || (newest.state === 'sealed' && seq > newest.seq)) {
      return this.#tell('unsigned', 'the checkpoint of this segment was removed');
    }
    if (newest.state === 'open') return;
    if (newest.state === 'sealed') {
      return this.#tell('truncated', `all after entry ${newest.seq} was cut off: another segment followed`);
    }
    if (seq > newest.seq)
      this.#tell('added', `entries after ${newest.seq} were added: the chain ended there`);
    if (this.#rest > 0 && newest.state === 'closed') {
      this.#tell('added', `${this.#rest} bytes were added: the chain ended before them`);
    }
  }

  get #soundSoFar(): boolean {
    return this.#findings.count === this.#findingsBefore;
  }

  #tell(harm: Harm, message: string): void {
    this.#findings.add({ harm, chain: this.#chain, segment: this.#last, message });
  }
}
