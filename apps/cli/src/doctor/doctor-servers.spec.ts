import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  freePort,
  freshPostgresql,
  scratchFolder,
  useValkey,
  type FreshPostgresql,
  type ScratchFolder,
} from '#testing';
import { startGateway, type Gateway } from '../../../gateway/src/gateway.ts';
import type { Status } from './check.ts';
import { checks } from './checks.ts';
import { worst } from './examination.ts';
import { find } from './testing/find.ts';

const run = promisify(execFile);
const SETUP_TIMEOUT_MS = 600_000;
const random = () => randomBytes(32).toString('hex');

type Env = Record<string, string>;

describe('gatehouse doctor, of servers', () => {
  const valkey = useValkey({ password: random() });
  let folder: ScratchFolder;
  let postgresql: FreshPostgresql;
  let gateway: Gateway;
  let env: Env;

  beforeAll(async () => {
    folder = await scratchFolder();
    postgresql = await freshPostgresql();
    const url = new URL(valkey().url);
    env = {
      LOG_LEVEL: 'silent',
      DATA_DIR: folder.path,
      DATABASE_URL: postgresql.url,
      VALKEY_URL: url.href,
      VALKEY_PASSWORD: valkey().password!,
      API_KEY_PEPPER: random(),
      REQUEST_STATE_SECRET: random(),
      PORT: String(await freePort()),
      MANAGEMENT_PORT: String(await freePort()),
    };
    gateway = await startGateway({ env });
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await gateway?.close();
    await postgresql?.drop();
    await folder?.remove();
  });

  const onDatabase = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: postgresql.url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };

  it('finds the gateway that runs, and that it is this one', async () => {
    expect(await find('gateway', env)).toMatchObject({
      status: 'pass',
      said: expect.stringMatching(/ready/),
    });
    expect(await find('versions', env)).toMatchObject({
      status: 'pass',
      said: expect.stringMatching(/that is what runs/),
    });
  });

  it('fails for a database that may lose what it has promised', async () => {
    // The server of the tests is fast, and not for production.
    expect(await find('database', env)).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/^fsync=off/),
    });
    const name = new URL(postgresql.url).pathname.slice(1);
    await onDatabase(`alter database ${name} set synchronous_commit = off`);
    expect(await find('database', env)).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/synchronous_commit=off/),
    });
    await onDatabase(`alter database ${name} reset synchronous_commit`);
    const many = { ...env, DATABASE_POOL_SIZE: '1000' };
    expect(await find('database', many)).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/POOL_SIZE=1000/),
    });
  });

  it('fails where the state could be evicted, and warns where a restart forgets it', async () => {
    expect(await find('valkey', env)).toMatchObject({
      status: 'warn',
      said: expect.stringMatching(/writes no AOF/),
    });
    await valkey().command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await find('valkey', env)).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/may evict.*allkeys-lru/),
    });
    await valkey().command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await valkey().command('CONFIG', 'SET', 'appendonly', 'yes');
    expect(await find('valkey', env)).toMatchObject({ status: 'pass' });
    await valkey().command('CONFIG', 'SET', 'appendonly', 'no');
    const wrong = { ...env, VALKEY_PASSWORD: 'another' };
    expect(await find('valkey', wrong)).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/is away: WRONGPASS/),
    });
  });

  it('fails where clocks differ', async () => {
    expect(await find('clock', env)).toMatchObject({
      status: 'pass',
      said: expect.stringMatching(/PostgreSQL, Valkey \(cache\)/),
    });
    const ahead = await find('clock', env, () => Date.now() + 20_000);
    expect(ahead).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/20\.\d s ahead of that of PostgreSQL.*Valkey/),
    });
    const behind = await find('clock', env, () => Date.now() - 3_000);
    expect(behind).toMatchObject({ status: 'warn', said: expect.stringMatching(/3\.\d s behind/) });
  });

  it('warns of keys that are about to expire, and fails where no admin is left', async () => {
    const admin = { ...env, GATEHOUSE_API_KEY: random() };
    expect(await find('authentication', env)).toMatchObject({ status: 'pass' });
    await onDatabase(`update api_keys set expires_at = now() + interval '3 days'`);
    expect(await find('authentication', env)).toMatchObject({
      status: 'warn',
      said: expect.stringMatching(/1 keys expire/),
    });
    await onDatabase('update api_keys set revoked_at = now()');
    expect(await find('authentication', env)).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/no admin key/),
    });
    expect(await find('authentication', admin)).toMatchObject({ status: 'pass' });
    await onDatabase(`update api_keys set revoked_at = null, expires_at = now() + interval '90 days'`);
  });

  it('verifies the audit chain, and fails where it was changed', async () => {
    expect(await find('audit chain', env)).toMatchObject({
      status: 'pass',
      said: expect.stringMatching(/unaltered.*checkpoint is 0 minutes/),
    });
    await onDatabase(`update audit_records set ip = '192.0.2.9' where seq = 1`);
    expect(await find('audit chain', env)).toMatchObject({
      status: 'fail',
      said: expect.stringMatching(/journal was changed, 1 faults/),
    });
    await onDatabase(`update audit_records set ip = null where seq = 1`);
  });

  it('says all of it as JSON, with an exit code, and no secret', async () => {
    const program = join(import.meta.dirname, '../../bin/gatehouse.js');
    const told = { PATH: process.env['PATH'] ?? '', ...env };
    const { stdout, code } = (await run(process.execPath, [program, 'doctor', '--json'], {
      env: told,
    }).catch((error: { stdout: string; code: number }) => error as { stdout: string; code?: number })) as {
      stdout: string;
      code?: number;
    };
    const report = JSON.parse(stdout) as {
      status: Status;
      checks: { check: string; status: Status; read: string }[];
    };
    expect(code).toBe(2);
    expect(report.status).toBe('fail');
    expect(report.checks.map(({ check }) => check)).toEqual(checks.map(({ name }) => name));
    expect(worst(report.checks)).toBe('fail');
    for (const secret of [env['API_KEY_PEPPER']!, env['VALKEY_PASSWORD']!])
      expect(stdout).not.toContain(secret);
  });

  it('fails where the running gateway has lost Valkey', async () => {
    await valkey().kill();
    await expect
      .poll(() => find('gateway', env))
      .toEqual({ status: 'fail', said: expect.stringMatching(/Valkey \(state\) is down/) });
  });
});
