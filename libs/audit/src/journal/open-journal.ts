import type { Database } from '#persistence';
import { newChainId } from '../chain/chain-id.ts';
import type { Head } from '../chain/chain-link.ts';
import type { Genesis } from '../chain/genesis.ts';
import type { SigningKey } from '../chain/signing-key.ts';
import { eventBody } from '../record-body.ts';
import { FsAppendFile, type OpenFile } from './append-file.ts';
import { Journal } from './journal.ts';
import type { JournalOptions } from './journal-options.ts';
import type { JournalFolder } from './journal-folder.ts';
import type { JournalStore, Past } from './journal-store.ts';
import { LocalCopy } from './local-copy.ts';
import { TIED_CHAINS } from './read-past.ts';
import { SegmentStore } from './segment-store.ts';
import { TableStore } from './table-store.ts';

/** How much of a busy chain's end is not under a signature yet. */
const FILES_CHECKPOINT_MS = 25;
/** In the database each checkpoint is a commit of its own. */
const DATABASE_CHECKPOINT_MS = 250;

type Passed = Pick<
  JournalOptions,
  'onSafe' | 'onFailure' | 'onUnsigned' | 'onRecovery' | 'patienceMs' | 'now'
>;

export interface OpenJournalOptions extends Passed {
  folder: JournalFolder;
  /** Given where the journal lives in PostgreSQL, and the files are its copy. */
  database?: Database | undefined;
  key: SigningKey;
  segmentBytes: number;
  /** What the chain ties to; else what is found of those before. */
  previous?: readonly Head[];
  /** Told what is wrong with the chains before, and of a copy that can't be kept. */
  onDamage?: (message: string) => void;
  openFile?: OpenFile;
}

/** Begins the chain of this process, tied to those before. Rejects where nothing can be written. */
export async function openJournal(options: OpenJournalOptions): Promise<Journal> {
  const { folder, database, key, onDamage, previous } = options;
  const chain = newChainId();
  const store = storeFor(chain, options);
  const checkpointMs = database ? DATABASE_CHECKPOINT_MS : FILES_CHECKPOINT_MS;
  const journal = new Journal({ ...options, chain, store, checkpointMs });
  const past = await begin(journal, store, {
    key: key.public.text,
    store: database ? 'database' : 'files',
    ...(previous && { previous: previous.slice(0, TIED_CHAINS) }),
  }).catch((cause: unknown) => {
    const place = database ? 'the database' : folder.path;
    throw new Error(`The audit journal in ${place} can't be begun: ${String(cause)}`, { cause });
  });
  for (const fault of past.damage) {
    onDamage?.(fault);
    await journal.append(
      eventBody({ event: 'audit_damage', severity: 'CRITICAL', notes: { fault } }),
      'other',
    );
  }
  return journal;
}

async function begin(
  journal: Journal,
  store: JournalStore,
  { previous, ...genesis }: Omit<Genesis, 'previous'> & Partial<Genesis>,
): Promise<Past> {
  const past = previous ? { heads: previous, damage: [] } : await store.past();
  await journal.open({ ...genesis, previous: past.heads });
  return past;
}

function storeFor(chain: string, options: OpenJournalOptions): JournalStore {
  const { folder, database, key, onDamage, openFile } = options;
  if (!database) return new SegmentStore({ folder, chain, key, ...(openFile && { openFile }) });
  const files = new SegmentStore({
    folder,
    chain,
    key,
    openFile: openFile ?? ((path) => FsAppendFile.quick(path)),
  });
  const copy = new LocalCopy(files, (error) => {
    onDamage?.(`the copy of the audit journal in ${folder.path} ends here: ${String(error)}`);
  });
  return new TableStore({ database, chain, key, copy });
}
