import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { Command } from 'commander';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuditModule, AuditTrail } from '#audit';
import { ConfigModule } from '#config';
import { PersistenceModule } from '#persistence';
import { databases, scratchFolder, type TestDatabase } from '#testing';
import { registerAudit } from './audit.command.ts';

/** Runs `gatehouse audit …` in this process. */
async function audit(...args: string[]) {
  const written = { out: '', err: '' };
  const out = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => Boolean((written.out += String(text))));
  const err = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => Boolean((written.err += String(text))));
  try {
    const program = new Command();
    registerAudit(program);
    await program.parseAsync(['audit', ...args], { from: 'user' });
    return { ...written, exitCode: process.exitCode ?? 0 };
  } finally {
    process.exitCode = undefined;
    out.mockRestore();
    err.mockRestore();
  }
}

describe.each(databases)('gatehouse audit, with the journal of $name', (kind) => {
  let place: TestDatabase;

  beforeAll(async () => {
    place = await kind.create();
    const imports = [ConfigModule.forRoot(place.env), PersistenceModule, AuditModule];
    const app = await (await Test.createTestingModule({ imports }).compile()).init();
    const trail = app.get(AuditTrail);
    await trail.event({ event: 'first', severity: 'LOW', ip: '192.0.2.1', correlationId: 'c-1' });
    await trail.event({ event: 'second', severity: 'HIGH', correlationId: 'c-2' });
    await app.close();
  });
  afterAll(() => place.remove());
  beforeEach(() => {
    for (const [name, value] of Object.entries(place.env)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('shows entries, by event, call and time', async () => {
    expect((await audit('show', '--event', 'second')).out).toMatch(/^\S+Z {2}HIGH {2}second .* c-2\n$/);
    expect((await audit('show', '--correlation-id', 'c-1', '--json')).out).toMatch(
      /^{.*"ip":"192\.0\.2\.1".*}\n$/,
    );
    expect((await audit('show', '--since', '2999-01-01')).out).toBe('');
  });

  it('says that the journal is valid, and after an entry was altered, which one', async () => {
    expect(await audit('verify')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('valid: 3 entries'),
    });
    await alterEntry();
    const { exitCode, out } = await audit('verify');
    expect(exitCode).toBe(1);
    expect(out).toMatch(
      /ALTERED chain \S+, segment 1, line 2: entry 2 was altered.* \(correlation id c-1\)\nINVALID: 1 fault /,
    );
    expect(JSON.parse((await audit('verify', '--json')).out)).toMatchObject({
      valid: false,
      findings: [{ harm: 'altered', seq: 2, correlationId: 'c-1' }],
    });
  });

  it('makes the index anew on the embedded database, and refuses to on PostgreSQL', async () => {
    const { exitCode, out, err } = await audit('rebuild');
    // One record less where the spec before this has altered one.
    const filled = /^Filled anew from the journal: [23] records\n$/.test(out);
    const outcome = { exitCode, filled, refusal: err.includes('the table is the journal itself') };
    expect(outcome).toEqual(
      kind.name === 'PGlite'
        ? { exitCode: 0, filled: true, refusal: false }
        : { exitCode: 2, filled: false, refusal: true },
    );
  });

  async function alterEntry(): Promise<void> {
    if (kind.name === 'PostgreSQL') {
      const opened = await place.open();
      await sql`update audit_records set line = replace(line, '192.0.2.1', '192.0.2.9') where seq = 2`.execute(
        opened.database.kysely,
      );
      await opened.close();
      return;
    }
    const folder = join(place.env['DATA_DIR']!, 'audit');
    const chain = (await readdir(folder)).find((name) => name !== 'checkpoints')!;
    const path = join(folder, chain, '000001.jsonl');
    await writeFile(path, (await readFile(path, 'utf8')).replace('192.0.2.1', '192.0.2.9'));
  }
});

describe('gatehouse audit', () => {
  it('tells what it can not look at, with an exit code of its own', async () => {
    await using empty = await scratchFolder();
    expect(await audit('verify', '--data-dir', empty.path)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('There is no audit journal in'),
    });
    expect(await audit('verify', '--data-dir', join(empty.path, 'nowhere'))).toMatchObject({ exitCode: 2 });
    const none = join(empty.path, 'none.pem');
    expect(await audit('verify', '--data-dir', empty.path, '--key', none)).toEqual({
      exitCode: 2,
      out: '',
      err: `--key ${none}: there is no such file. It takes the file of an Ed25519 public key in PEM\n`,
    });
    expect((await audit('verify', '--key', empty.path)).err).toContain("it can't be read (EISDIR)");
  });
});
