/** What was done to a chain. */
export type Harm = 'removed' | 'truncated' | 'altered' | 'reordered' | 'duplicated' | 'added' | 'unsigned';

/** One fault that the verifier found, and where. */
export interface Finding {
  readonly harm: Harm;
  readonly chain: string;
  readonly segment?: number | undefined;
  /** Line of the segment's file; 1 is the first. */
  readonly line?: number | undefined;
  /** First entry that it is about, and the last where it is about several. */
  readonly seq?: number | undefined;
  readonly toSeq?: number | undefined;
  readonly correlationId?: string | undefined;
  /** A sentence for people. */
  readonly message: string;
}

/** So many are told in full; the rest are counted, so that a rewritten journal can't fill the memory. */
const MAX_FINDINGS = 200;

/** What the verifier found so far: all of it counted, the first of it told. */
export class Findings {
  readonly #list: Finding[] = [];
  #count = 0;

  add(finding: Finding): void {
    this.#count++;
    if (this.#list.length < MAX_FINDINGS) this.#list.push(finding);
  }

  get list(): readonly Finding[] {
    return this.#list;
  }

  /** How many there are in all. */
  get count(): number {
    return this.#count;
  }
}

/** `entry 3 was`, or `entries 3–7 were`. */
export function entriesWere(from: number, to: number): string {
  return from === to ? `entry ${from} was` : `entries ${from}–${to} were`;
}
