import { parentPort, workerData } from 'node:worker_threads';
import { FileSource } from './file-source.ts';
import { readOnlyTables } from './read-only-tables.ts';
import { TableSource } from './table-source.ts';
import { verifyJournal } from './verify-journal.ts';
import type { JournalPlace, Verdict } from './verify-aside.ts';

const port = parentPort!;
const { dataDir, url } = workerData as JournalPlace;
const tables = url === undefined ? undefined : readOnlyTables(url);
try {
  const { entries, findingCount, findings } = await verifyJournal({
    source: tables ? new TableSource(tables) : new FileSource(dataDir),
  });
  port.postMessage({ entries, faults: findingCount, first: findings[0]?.message } satisfies Verdict);
} finally {
  await tables?.destroy();
}
