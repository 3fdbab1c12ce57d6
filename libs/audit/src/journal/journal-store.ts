import type { ChainState, Position } from '../chain/checkpoint.ts';
import type { Head } from '../chain/chain-link.ts';

/** Some consecutive lines of the chain, each with its line break. */
export interface Lines {
  readonly each: readonly string[];
  /** All of them in one text. ASCII, so its length is its size. */
  readonly text: string;
  /** Where the chain stands once they are safe. */
  readonly end: Position;
}

/** What was there when the process began: what its chain must tie to. */
export interface Past {
  /** Last records of the chains before, newest chain first. */
  readonly heads: readonly Head[];
  /** What is wrong with them already, in words. */
  readonly damage: readonly string[];
}

/** Where the lines of one process's chain become durable. All calls come one after the other. */
export abstract class JournalStore {
  abstract past(): Promise<Past>;

  /** Begins a segment; 1 is the first. May be called again for the same one after it failed. */
  abstract begin(segment: number): Promise<void>;

  /** Fulfilled when all the lines are durable. After a rejection, none or some of them may be there. */
  abstract append(lines: Lines): Promise<void>;

  /** After a failure: removes what came after `last`, or says where the chain really ends. */
  abstract restore(last: Position): Promise<Position>;

  /** Signs and keeps the head. `peers`: records of other chains to name in it. Called beside `append`, one at a time. */
  abstract checkpoint(position: Position, state: ChainState, peers?: readonly Head[]): Promise<void>;

  /** Called once, when the first record of the chain is safe: says in the past that this one came after. */
  abstract follow(first: Head): Promise<void>;

  abstract close(): Promise<void>;
}
