import type { Where } from './chain-check.ts';

export interface ChainVisitor {
  /**
   * `line` is without its line break, and only good until the visit ends. `fault` says what is wrong beside it, where
   * the place that it stands in says more than the line.
   */
  line: (line: Buffer, where: Where, fault?: string) => void;
  /** After the lines of a segment, where there are such. `rest`: bytes behind the last whole line. */
  segmentEnd: (segment: number, rest: number) => void;
}

/** Where chains can be read. Reads only; a server may write at the same time. */
export abstract class ChainSource {
  /** In words, for the report. */
  abstract readonly name: string;
  /** Whether a chain's ties to others can be checked here: not where each process has a place of its own. */
  abstract readonly holds: 'files' | 'database';

  /** Whether a journal was ever begun here. */
  abstract begun(): Promise<boolean>;
  /** Ids of all chains that left a trace, oldest first. */
  abstract chains(): Promise<string[]>;
  /** The first line; empty where there is none. */
  abstract genesis(chain: string): Promise<string>;
  /** The stored statements of what was removed because its time was over. */
  abstract removals(): Promise<string[]>;
  /** The stored checkpoints, one a segment; undefined for one that is not as one is stored. */
  abstract checkpoints(chain: string): Promise<(string | undefined)[]>;
  /** Visits all lines of a chain. Answers false where nothing of it is there. */
  abstract read(chain: string, visitor: ChainVisitor, onProgress?: (bytes: number) => void): Promise<boolean>;
  /** Bytes that `read` will go through, over all chains. */
  abstract size(): Promise<number>;
}
