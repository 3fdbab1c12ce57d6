import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  auditConfig,
  FileSource,
  NoJournal,
  readOnlyTables,
  TableSource,
  verifyJournal,
  type Report,
} from '#audit';
import { persistenceConfig } from '#persistence';
import { fail, orPass, pass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const UNSIGNED_MS = 60_000;

/** Whether the trail is whole, now, and whether it will be. */
export const auditCheck: Check = {
  name: 'audit chain',
  read: 'docs/runbooks/audit.md#the-chain-is-broken',
  async look(site) {
    const { durability, verifyHours, auditLog, securityLog } = site.config(auditConfig);
    const gateway = await site.gateway();
    const settings = [
      durability === 'relaxed' &&
        warn('AUDIT_DURABILITY=relaxed: a crash may lose records of calls that were answered'),
      verifyHours === 0 &&
        warn('AUDIT_VERIFY_HOURS=0: the gateway does not verify its journal, so something else must'),
      !auditLog &&
        warn('SUPEREGO_AUDIT_ENABLED=false: audit.log is not written, so nothing can be shipped from it'),
      !securityLog && warn('SECURITY_AUDIT_LOG=false: the security logs are not written'),
      gateway?.sample('audit_journal_up') === 0 &&
        fail('the running gateway cannot write its journal, and refuses calls'),
      gateway?.sample('audit_signing_up') === 0 &&
        fail('the running gateway cannot sign the end of its journal'),
      (gateway?.sample('audit_chain_faults') ?? 0) > 0 &&
        fail('the running gateway has found that its journal was changed'),
    ];
    return orPass([...settings, ...(await journal(site))], '');
  },
};

async function journal(site: Site): Promise<Finding[]> {
  try {
    const report = await verify(site);
    return [verdictOn(report), ...(await unsigned(site, report))];
  } catch (error) {
    if (error instanceof NoJournal) return [warn('no journal was begun yet: nothing to verify')];
    throw error;
  }
}

async function verify(site: Site): Promise<Report> {
  const { url } = site.config(persistenceConfig);
  if (url === undefined) return verifyJournal({ source: new FileSource(site.dataDir) });
  await site.database(); // Says it in fewer words where there is none.
  const tables = readOnlyTables(url);
  try {
    return await verifyJournal({ source: new TableSource(tables) });
  } finally {
    await tables.destroy();
  }
}

function verdictOn({ valid, entries, findingCount, findings }: Report): Finding {
  if (valid) return pass(`${entries} entries are there, unaltered and in order`);
  return fail(`the journal was changed, ${findingCount} faults; the first: ${findings[0]?.message}`);
}

/** Records behind the last signature: those of the last moments, or of a process that was killed. */
async function unsigned(site: Site, { chains }: Report): Promise<Finding[]> {
  const newest = await lastCheckpoint(site);
  if (newest === undefined) return [];
  const age = site.now() - newest;
  const count = chains.reduce((sum, chain) => sum + chain.unsigned, 0);
  const text = `the last checkpoint is ${describeAge(age)} old`;
  return [
    count > 0 && age > UNSIGNED_MS
      ? warn(`${text}, and ${count} entries behind it are not signed`)
      : pass(text),
  ];
}

async function lastCheckpoint(site: Site): Promise<number | undefined> {
  const database = await site.database();
  if (database) {
    const { rows } = await database.query<{ time: Date | null }>(
      'select max(time) as time from audit_checkpoints',
    );
    return rows[0]?.time?.getTime();
  }
  const folder = join(site.dataDir, 'audit', 'checkpoints');
  const files = await readdir(folder).catch(() => []);
  const times = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).mtimeMs));
  return times.length === 0 ? undefined : Math.max(...times);
}

export function describeAge(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
