import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '#persistence';

export interface AuditRecord {
  correlation_id: string;
  event: string;
  result: string;
  severity: string;
  code?: string;
  operation?: string;
  [field: string]: unknown;
}

/** All records of the journal, wherever it is: with PostgreSQL the table, else the files of the data folder. */
export async function journalOf(database: Database, dataDir: string): Promise<AuditRecord[]> {
  if (database.engine === 'pglite') return auditRecords(dataDir);
  const rows = await database.kysely.selectFrom('audit_records').select('line').orderBy('time').execute();
  return rows.map(({ line }) => JSON.parse(line) as AuditRecord);
}

/** The records of all calls in a data folder, in the order in which they were written. */
export function auditRecords(dataDir: string): AuditRecord[] {
  return journalEntries(dataDir).filter((entry) => 'correlation_id' in entry);
}

/** All that a journal in a data folder holds, also what is no call: chains, starts and ends. */
export function journalEntries(dataDir: string): AuditRecord[] {
  const journal = join(dataDir, 'audit');
  if (!existsSync(journal)) return [];
  return readdirSync(journal, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jsonl') && !file.includes('checkpoint'))
    .toSorted()
    .flatMap((file) => readFileSync(join(journal, file), 'utf8').split('\n'))
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditRecord);
}
