import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { syncFolder } from '#persistence';
import { signCheckpoint, type ChainState, type Position } from '../chain/checkpoint.ts';
import type { Head } from '../chain/chain-link.ts';
import type { SigningKey } from '../chain/signing-key.ts';
import { FsAppendFile, type AppendFile, type OpenFile } from './append-file.ts';
import { asSlot, CHECKPOINT_BYTES, type JournalFolder } from './journal-folder.ts';
import { JournalStore, type Lines, type Past } from './journal-store.ts';
import { readPast, type FilePast } from './read-past.ts';

export interface SegmentStoreOptions {
  folder: JournalFolder;
  chain: string;
  key: SigningKey;
  openFile?: OpenFile;
}

/** JSON-lines segments in the data folder. */
export class SegmentStore extends JournalStore {
  readonly #folder: JournalFolder;
  readonly #chain: string;
  readonly #key: SigningKey;
  readonly #openFile: OpenFile;
  #segment: AppendFile | undefined;
  #checkpoints: FileHandle | undefined;
  #past: FilePast | undefined;
  #slots = 0;

  constructor({ folder, chain, key, openFile = (path) => FsAppendFile.durable(path) }: SegmentStoreOptions) {
    super();
    this.#folder = folder;
    this.#chain = chain;
    this.#key = key;
    this.#openFile = openFile;
  }

  async past(): Promise<Past> {
    return (this.#past = await readPast(this.#folder));
  }

  async begin(segment: number): Promise<void> {
    const path = this.#folder.chainPath(this.#chain);
    if (segment === 1) {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await mkdir(this.#folder.checkpointsPath, { recursive: true, mode: 0o700 });
      await syncFolder(this.#folder.path);
    }
    const next = await this.#openFile(this.#folder.segmentPath(this.#chain, segment));
    // What an earlier, failed try to begin it may have left.
    await next.cut(0);
    await syncFolder(path);
    await this.#segment?.close().catch(() => {});
    this.#segment = next;
  }

  async append({ text }: Lines): Promise<void> {
    if (!this.#segment) throw new Error('no segment is begun');
    await this.#segment.append(Buffer.from(text, 'latin1'));
  }

  /** Opens the segment anew: after an I/O error the old handle may go on failing. */
  async restore(last: Position): Promise<Position> {
    if (last.segment === 0) return last;
    await this.#segment?.close().catch(() => {});
    this.#segment = undefined;
    this.#segment = await this.#openFile(this.#folder.segmentPath(this.#chain, last.segment));
    await this.#segment.cut(last.bytes);
    return last;
  }

  async checkpoint(position: Position, state: ChainState, peers: readonly Head[] = []): Promise<void> {
    this.#checkpoints ??= await open(this.#folder.checkpointPath(this.#chain), 'wx', 0o600);
    const slot = asSlot(await signCheckpoint(this.#key, { position, state, peers }));
    await this.#checkpoints.write(slot, (position.segment - 1) * CHECKPOINT_BYTES, 'latin1');
    if (position.segment <= this.#slots && state === 'open') return;
    await this.#checkpoints.datasync();
    this.#slots = position.segment;
  }

  /** Signs once more how the newest chain before ours ended, and that ours came after. */
  async follow(first: Head): Promise<void> {
    const newest = this.#past?.newest;
    if (!newest) return;
    const file = await open(this.#folder.checkpointPath(newest.position.chain), 'r+');
    try {
      const slot = asSlot(await signCheckpoint(this.#key, { ...newest, peers: [first] }));
      await file.write(slot, (newest.position.segment - 1) * CHECKPOINT_BYTES, 'latin1');
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#segment?.close();
    await this.#checkpoints?.close();
  }
}
