import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isChainId } from '../chain/chain-id.ts';
import { ifThere } from '../if-there.ts';

/** Each checkpoint has its own fixed place, so that writing a newer one over it can never leave half of one. */
export const CHECKPOINT_BYTES = 1024;

const SEGMENT = /^(?:\d{6}|[1-9]\d{6,8})\.jsonl$/;
const CHECKPOINTS = /^(.+)\.jsonl$/;

/**
 * Where things are: `audit/CHAIN/000001.jsonl` and `audit/checkpoints/CHAIN.jsonl`, whose n-th line is the newest
 * checkpoint in segment n. They lie apart, so that a chain's folder can't take its checkpoints along.
 */
export class JournalFolder {
  readonly path: string;

  constructor(dataFolder: string) {
    this.path = join(dataFolder, 'audit');
  }

  get checkpointsPath(): string {
    return join(this.path, 'checkpoints');
  }

  chainPath(chain: string): string {
    return join(this.path, chain);
  }

  segmentPath(chain: string, segment: number): string {
    return join(this.path, chain, `${String(segment).padStart(6, '0')}.jsonl`);
  }

  checkpointPath(chain: string): string {
    return join(this.checkpointsPath, `${chain}.jsonl`);
  }

  /** Where it is said what was removed because its time was over. */
  get removalsPath(): string {
    return join(this.path, 'removed.jsonl');
  }

  /** Those statements as they are, one for each key; none where nothing was ever removed. */
  async removals(): Promise<string[]> {
    const text = (await ifThere(readFile(this.removalsPath, 'latin1'))) ?? '';
    return text.split('\n').filter((line) => line !== '');
  }

  /** All chains that have a folder or checkpoints, oldest first. */
  async chains(): Promise<string[]> {
    const folders = (await ifThere(readdir(this.path))) ?? [];
    const files = (await ifThere(readdir(this.checkpointsPath))) ?? [];
    const named = files.flatMap((name) => CHECKPOINTS.exec(name)?.slice(1) ?? []);
    return [...new Set([...folders, ...named])].filter(isChainId).sort();
  }

  /** Numbers of a chain's segments, in order. Undefined where the chain has no folder. */
  async segments(chain: string): Promise<number[] | undefined> {
    const names = await ifThere(readdir(this.chainPath(chain)));
    return names
      ?.filter((name) => SEGMENT.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
  }

  /** The stored checkpoints, one a segment, as they are. Empty where there is no file. */
  async checkpoints(chain: string): Promise<string[]> {
    const text = (await ifThere(readFile(this.checkpointPath(chain), 'latin1'))) ?? '';
    const slots: string[] = [];
    for (let at = 0; at < text.length; at += CHECKPOINT_BYTES)
      slots.push(text.slice(at, at + CHECKPOINT_BYTES));
    return slots;
  }
}

/** A checkpoint as it stands in its place. */
export function asSlot(checkpoint: string): string {
  return `${checkpoint.padEnd(CHECKPOINT_BYTES - 1)}\n`;
}

/** The checkpoint in a place; undefined where something else fills it up. */
export function fromSlot(slot: string): string | undefined {
  const checkpoint = slot.trimEnd();
  return asSlot(checkpoint) === slot ? checkpoint : undefined;
}
