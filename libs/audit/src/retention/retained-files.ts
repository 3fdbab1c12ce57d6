import { rm, rmdir } from 'node:fs/promises';
import { keepFile } from '#persistence';
import { ChainKeys } from '../chain/chain-keys.ts';
import { readCheckpoint, type Checkpoint } from '../chain/checkpoint.ts';
import { firstLine, readLines } from '../chain/read-lines.ts';
import type { VerifyingKey } from '../chain/signing-key.ts';
import { fromSlot, type JournalFolder } from '../journal/journal-folder.ts';
import { FollowLines } from './follow-lines.ts';
import { readRemoval, type Removal, type Removed } from './removal.ts';
import { Removals } from './removals.ts';
import { RetainedStore, type Due } from './retained-store.ts';

interface Chain {
  readonly id: string;
  readonly present: readonly number[];
  readonly checkpoints: readonly (Checkpoint | undefined)[];
  readonly key: VerifyingKey;
}

interface Segment {
  readonly chain: string;
  readonly segment: number;
}

/** The segments in a data folder. Checkpoints stay: they hold no more than hashes, and are what the rest is checked by. */
export class RetainedFiles extends RetainedStore {
  readonly #folder: JournalFolder;
  readonly #live: () => readonly Segment[];

  /** `live`: the segments that are being written. */
  constructor(folder: JournalFolder, live: () => readonly Segment[]) {
    super();
    this.#folder = folder;
    this.#live = live;
  }

  async removals(): Promise<Removals> {
    return new Removals(await this.#folder.removals());
  }

  async due(before: Date, gone: Removals['chains'], signal: AbortSignal): Promise<Due> {
    const removed: Removed[] = [];
    const faults: string[] = [];
    let records = 0;
    const chains = await this.#folder.chains();
    const genesis = (id: string) => firstLine(this.#folder.segmentPath(id, 1));
    const keys = await ChainKeys.of(chains, genesis, gone);
    for (const id of chains) {
      signal.throwIfAborted();
      const start = gone.get(id);
      const chain = await this.#read(id, keys);
      if (!chain) continue;
      const follow = new FollowLines(id, start);
      const last = await this.#followOld(chain, before, follow, start);
      if (follow.fault) faults.push(`chain ${id}: ${follow.fault}`);
      if (last === undefined) continue;
      removed.push({ ...last, key: chain.key.text });
      records += last.seq - (start?.seq ?? 0);
    }
    return { removed, records, faults };
  }

  async state(keyId: string, line: string): Promise<void> {
    const others = (await this.#folder.removals()).filter((other) => readRemoval(other)?.key.id !== keyId);
    await keepFile(this.#folder.removalsPath, [...others, line, ''].join('\n'));
  }

  async sweep({ chains }: Pick<Removal, 'chains'>): Promise<void> {
    for (const { chain, segment } of chains.values()) {
      const present = (await this.#folder.segments(chain)) ?? [];
      for (const old of present.filter((number) => number <= segment))
        await rm(this.#folder.segmentPath(chain, old), { force: true });
      if (present.every((number) => number <= segment))
        await rmdir(this.#folder.chainPath(chain)).catch(() => undefined);
    }
  }

  async #read(id: string, keys: ChainKeys): Promise<Chain | undefined> {
    const present = (await this.#folder.segments(id)) ?? [];
    if (present.length === 0) return undefined;
    const key = keys.of(id);
    if (!key) return undefined;
    const slots = await this.#folder.checkpoints(id);
    const checkpoints = slots.map((slot, index) => {
      const checkpoint = readCheckpoint(fromSlot(slot) ?? '', keys.byId);
      return checkpoint?.chain === id && checkpoint.segment === index + 1 ? checkpoint : undefined;
    });
    return { id, present, checkpoints, key };
  }

  /** The last record of the last segment that is old enough; undefined where none is. */
  async #followOld(
    { id, present, checkpoints }: Chain,
    before: Date,
    follow: FollowLines,
    gone: Removed | undefined,
  ): Promise<Omit<Removed, 'key'> | undefined> {
    const live = this.#live();
    let last: Omit<Removed, 'key'> | undefined;
    for (const segment of present.filter((number) => number > (gone?.segment ?? 0))) {
      const checkpoint = checkpoints[segment - 1];
      const written = live.some((one) => id === one.chain && segment >= one.segment);
      if (written || !checkpoint || new Date(checkpoint.time) >= before) break;
      follow.expect(checkpoint);
      await readLines(this.#folder.segmentPath(id, segment), { visit: (line) => follow.line(line) });
      const isLast = segment === present.at(-1);
      // Behind its last checkpoint a process that was killed may have written more.
      if (!follow.fault && (follow.seq < checkpoint.seq || (!isLast && follow.seq > checkpoint.seq)))
        follow.fault = `segment ${segment} does not end where its checkpoint says`;
      if (follow.fault) break;
      last = { chain: id, segment, seq: follow.seq, hash: follow.hash };
    }
    return last;
  }
}
