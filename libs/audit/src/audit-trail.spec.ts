import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowed, Call, refusedBy, type Operation, type Outcome } from '#call';
import { readConfig } from '#config';
import { GatehouseError, type ErrorCode } from '#errors';
import { Database } from '#persistence';
import { scratchFolder, type ScratchFolder } from '#testing';
import { auditConfig } from './audit.config.ts';
import { AuditTrail } from './audit-trail.ts';
import { JournalFolder } from './journal/journal-folder.ts';
import { AuditIndex } from './search-index/audit-index.ts';
import { AuditRetention } from './retention/audit-retention.ts';
import { RetainedFiles } from './retention/retained-files.ts';
import { AuditSinks } from './sinks/audit-sinks.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';
import { openFileJournal, signingKey, verifyFiles } from './testing/journal-fixture.ts';

const search: Operation = { name: 'conversations.search', permission: 'conversations:read' };
const probe: Operation = { name: 'health.read', public: true, audit: 'refusals' };

const callTo = (operation: Operation) =>
  Object.assign(new Call({ door: 'rest', address: '192.0.2.1', authorization: undefined }), { operation });
const well = (call: Call): Outcome => allowed(call, 200);
const refusal = (code: ErrorCode): Outcome => refusedBy(new GatehouseError(code, 'no'));

describe('the audit trail', () => {
  let data: ScratchFolder;
  let disk: FaultyDisk;
  beforeEach(async () => {
    data = await scratchFolder();
    disk = new FaultyDisk();
  });
  afterEach(() => data.remove());

  async function start(env: Record<string, string> = {}): Promise<AuditTrail> {
    const config = readConfig(auditConfig, env);
    const sinks = new AuditSinks({
      folder: config.logDir ?? join(data.path, 'logs'),
      all: config.auditLog,
      security: config.securityLog,
      fileBytes: 1e6,
      files: 3,
      days: 30,
      onFailure: () => {},
    });
    const onSafe = sinks.take.bind(sinks);
    const journal = await openFileJournal(data.path, { openFile: disk.open, onSafe });
    const database = Object.create(Database.prototype, { engine: { value: 'postgresql' } }) as Database;
    const index = new AuditIndex({ database, folder: new JournalFolder(data.path) });
    const files = new RetainedFiles(new JournalFolder(data.path), () => [journal.last]);
    const retention = new AuditRetention({
      days: 0,
      journal,
      signing: { key: signingKey },
      database,
      store: files,
    });
    return new AuditTrail(journal, sinks, index, retention, config);
  }

  const linesOf = async (...path: string[]) =>
    (await readFile(join(data.path, 'logs', ...path), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
  const eventsOf = async (...path: string[]) => (await linesOf(...path)).map(({ event }) => event);

  it('puts every record into audit.log, and what matters for security into its own logs too', async () => {
    const trail = await start();
    await trail.serverStarted();
    await trail.record(callTo(search), well(callTo(search)));
    await trail.record(callTo(search), refusal('RATE_LIMITED'));
    await trail.record(callTo(search), refusal('CREDENTIAL_INVALID'));
    await trail.event({ event: 'blocked_connection', severity: 'MEDIUM', ip: '192.0.2.1' });
    await trail.close();
    const before = ['chain_start', 'server_start'];
    const security = ['rate_limit_exceeded', 'invalid_auth', 'blocked_connection', 'server_shutdown'];
    expect(await eventsOf('audit.log')).toEqual([...before, 'call', ...security]);
    expect(await eventsOf('mcp_security.jsonl')).toEqual([...before, ...security]);
    expect(await eventsOf('security', 'auth.log')).toEqual(['invalid_auth']);
    expect(await eventsOf('security', 'rate-limit.log')).toEqual(['rate_limit_exceeded']);
    expect(await linesOf('security', 'blocked.log')).toMatchObject([{ action: 'BLOCKED' }]);
    expect(await verifyFiles(data.path)).toMatchObject({
      valid: true,
      chains: [{ state: 'closed', entries: 7 }],
    });
  });

  it('leaves no record of a probe that went well, and one of a probe that was refused', async () => {
    const trail = await start();
    await trail.record(callTo(probe), well(callTo(probe)));
    expect(trail.status.records).toBe(1);
    await trail.record(callTo(probe), refusal('RATE_LIMITED'));
    expect(trail.status.records).toBe(2);
    await trail.close();
  });

  it('holds an answer back until its record is safe', async () => {
    const trail = await start();
    disk.fault = 'hangs';
    let safe = false;
    const recorded = Promise.resolve(trail.record(callTo(search), well(callTo(search)))).then(
      () => (safe = true),
    );
    await expect.poll(() => disk.hanging).toBe(true);
    expect(safe).toBe(false);
    disk.resume();
    await recorded;
    await trail.close();
  });

  it('does not hold answers back when durability is relaxed, loses nothing at the end, and is closed when it fails', async () => {
    const trail = await start({ AUDIT_DURABILITY: 'relaxed' });
    const record = () => trail.record(callTo(search), well(callTo(search)));
    for (let n = 0; n < 100; n++) expect(record()).toBeUndefined();
    await expect.poll(() => trail.status.records).toBe(101);
    disk.fault = 'full';
    void record();
    await expect.poll(() => trail.healthy).toBe(false);
    expect(record).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    disk.fault = 'none';
    await expect.poll(() => trail.healthy).toBe(true);
    void record();
    await trail.close();
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 101 + 1 + 1 });
  });

  it('refuses records once it is closed', async () => {
    const trail = await start();
    await trail.close();
    await trail.close();
    await expect(trail.event({ event: 'late', severity: 'LOW' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('writes no logs where they are turned off', async () => {
    const trail = await start({ SECURITY_AUDIT_LOG: 'false', SUPEREGO_AUDIT_ENABLED: 'false' });
    await trail.event({ event: 'invalid_auth', severity: 'MEDIUM' });
    await trail.close();
    expect(await readdir(data.path)).toEqual(['audit']);
  });

  it('records calls where the logs can not be written, and counts that', async () => {
    await writeFile(join(data.path, 'logs'), 'a file is in the way');
    const trail = await start();
    await trail.event({ event: 'invalid_auth', severity: 'MEDIUM' });
    await trail.close();
    expect(trail.status.sinkFailures).toBeGreaterThan(0);
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 2 });
  });
});
