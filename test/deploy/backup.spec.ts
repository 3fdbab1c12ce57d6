import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  freshPostgresql,
  scratchFolder,
  systemProgram,
  type FreshPostgresql,
  type ScratchFolder,
} from '#testing';
import { run } from '../support/run.ts';

/** The first suite may have to wait for a server to be installed. */
const SETUP_TIMEOUT_MS = 600_000;
const DAY_S = 86_400;

describe('docker/backup.sh', () => {
  let postgresql: FreshPostgresql;
  let folder: ScratchFolder;
  let env: Record<string, string>;

  beforeAll(async () => {
    await systemProgram('pg_dump', 'postgresql-client');
    postgresql = await freshPostgresql();
    const client = new pg.Client({ connectionString: postgresql.url });
    await client.connect();
    await client.query('create table parcels (place text)');
    await client.end();
  }, SETUP_TIMEOUT_MS);
  afterAll(() => postgresql?.drop());

  beforeEach(async () => {
    folder = await scratchFolder();
    const { hostname, port, username, password, pathname, searchParams } = new URL(postgresql.url);
    const passwords = join(folder.path, '.pgpass');
    writeFileSync(passwords, `*:*:*:*:${decodeURIComponent(password)}`, { mode: 0o600 });
    env = {
      BACKUP_DIR: folder.path,
      PGHOST: searchParams.get('host') ?? hostname,
      PGPORT: port || '5432',
      PGUSER: decodeURIComponent(username),
      PGDATABASE: pathname.slice(1),
      PGPASSFILE: passwords,
    };
    return () => folder.remove();
  });

  const dumps = () => readdirSync(folder.path).filter((name) => name.includes('.dump'));
  const left = (name: string, days: number) => {
    const path = join(folder.path, name);
    writeFileSync(path, '');
    const then = Date.now() / 1000 - days * DAY_S;
    utimesSync(path, then, then);
  };

  it('makes a dump that only its owner reads and that has all there is, and keeps others for 30 days', async () => {
    left('gatehouse-20200101T000000Z.dump', 31);
    left('gatehouse-20200102T000000Z.dump', 29);
    left('another.dump', 400);
    const { code, out, err } = await run('docker/backup.sh', [], { env });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Removed: ');
    const made = out.split('\n')[0]!.slice(`Backed up: ${folder.path}/`.length);
    expect(made).toMatch(/^gatehouse-\d{8}T\d{6}Z\.dump$/);
    expect(dumps().toSorted()).toEqual(['another.dump', 'gatehouse-20200102T000000Z.dump', made].toSorted());
    expect(statSync(join(folder.path, made)).mode & 0o777).toBe(0o600);
    const list = await run('pg_restore', ['--list', join(folder.path, made)], { env });
    expect(list.out).toContain('parcels');
  });

  it('removes nothing where there is no new one', async () => {
    left('gatehouse-20200101T000000Z.dump', 400);
    const { code } = await run('docker/backup.sh', [], { env: { ...env, PGDATABASE: 'of_nobody' } });
    expect(code).not.toBe(0);
    expect(dumps()).toEqual(['gatehouse-20200101T000000Z.dump']);
  });

  it('takes no other time than days', async () => {
    const { code, err } = await run('docker/backup.sh', [], {
      env: { ...env, BACKUP_RETENTION_DAYS: '1; rm' },
    });
    expect(code).toBe(2);
    expect(err).toContain('must be a number of days');
    expect(dumps()).toEqual([]);
  });
});
