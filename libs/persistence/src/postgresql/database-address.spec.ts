import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import type { Secrets } from '#secrets';
import { freshPostgresql, scratchFolder, type FreshPostgresql, type ScratchFolder } from '#testing';
import type { Database } from '../database.ts';
import { DataFolder } from '../folder/data-folder.ts';
import { openDatabase } from '../open-database.ts';
import { persistenceConfig } from '../persistence.config.ts';
import { databaseUrl } from './database-address.ts';

function changed(url: string, change: Partial<URL>): string {
  return Object.assign(new URL(url), change).href;
}

describe('the URL of the database', () => {
  it.each([
    ['postgres://me@db/x', 'p@ss/w%rd', 'postgres://me:p%40ss%2Fw%25rd@db/x'],
    ['postgres://me:own@db/x', 'other', 'postgres://me:own@db/x'],
    ['postgres://me@db/x?password=own', 'other', 'postgres://me@db/x?password=own'],
    ['postgres:///x?host=/run/postgresql', 'p&w', 'postgres:///x?host=%2Frun%2Fpostgresql&password=p%26w'],
  ])('%s takes DATABASE_PASSWORD %s where it holds none', (url, password, full) => {
    expect(databaseUrl({ url, password })).toBe(full);
  });
});

describe('the password of the database', () => {
  const user = `rotating_${randomBytes(4).toString('hex')}`;
  let postgresql: FreshPostgresql;
  let scratch: ScratchFolder;
  let folder: DataFolder;
  let url: string;
  let offer: (url: string | undefined, password: string | undefined) => Promise<string | undefined>;
  let found: string | undefined;
  let database: Database;
  let keepsUrl: (url: string) => boolean;
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();

  beforeAll(async () => {
    [postgresql, scratch] = await Promise.all([freshPostgresql(), scratchFolder()]);
    folder = await DataFolder.open(scratch.path);
    await asAdmin(`create role ${user} login superuser`);
  }, 600_000);
  afterAll(async () => {
    await folder.close();
    await scratch.remove();
    await asAdmin(`reassign owned by ${user} to current_user; drop owned by ${user}; drop role ${user}`);
    await postgresql.drop();
    warn.mockRestore();
  });
  beforeEach(async () => {
    await onServer('first');
    found = undefined;
    url = changed(postgresql.url, { username: user, password: '' });
    const settings = readConfig(persistenceConfig, { DATABASE_URL: url, DATABASE_PASSWORD: 'first' });
    const secrets: Pick<Secrets, 'adopt' | 'guard' | 'refresh'> = {
      adopt: (adoption) => void (offer = (adoption as unknown as { adopt: typeof offer }).adopt),
      guard: (_, keeps) => void (keepsUrl = keeps as typeof keepsUrl),
      refresh: async () => {
        if (found !== undefined) void rotateTo(found);
      },
    };
    database = await openDatabase(settings, folder, secrets as Secrets);
  });
  afterEach(() => database.close());

  async function asAdmin(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: postgresql.url });
    await client.connect();
    await client.query(statement);
    await client.end();
  }

  async function onServer(next: string): Promise<void> {
    await asAdmin(`alter role ${user} password '${next}'`);
  }

  /** Undefined once a connection was opened with it. */
  const rotateTo = (next: string) => offer(url, next);

  /** Several at once, so that new connections are made; and one beside the pool. */
  async function expectConnections(): Promise<void> {
    await asAdmin(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`);
    const busy = sql`select pg_sleep(0.01)`;
    await expect
      .poll(() =>
        busy.execute(database.kysely).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await Promise.all(Array.from({ length: 5 }, () => busy.execute(database.kysely)));
    await expect(database.withLock('rotation', async () => 'done')).resolves.toBe('done');
  }

  it('is the new one for new connections, once it is rotated', async () => {
    await onServer('second');
    expect(await rotateTo('second')).toBeUndefined();
    await expectConnections();
  });

  it('may be rotated here before the server knows it: it is refused until then, and not from then on', async () => {
    expect(await rotateTo('second')).toBe('the database does not take it');
    await expectConnections();
    await onServer('second');
    await expectConnections();
    expect(await rotateTo('second')).toBeUndefined();
    await expectConnections();
  });

  it('is the one of before again where the server goes back, though the new one was taken', async () => {
    await onServer('second');
    expect(await rotateTo('second')).toBeUndefined();
    await onServer('first');
    await expectConnections();
  });

  it('outlives a slip: what is set after it is taken', async () => {
    expect(await rotateTo('slip')).toBe('the database does not take it');
    expect(await rotateTo('second')).toBe('the database does not take it');
    await onServer('second');
    await expectConnections();
    expect(await rotateTo('second')).toBeUndefined();
  });

  it('changes together with the user', async () => {
    const other = `${user}_other`;
    await asAdmin(`create role ${other} login superuser password 'second'`);
    expect(await offer(changed(url, { username: other }), 'second')).toBeUndefined();
    await expectConnections();
    const who = await sql<{ name: string }>`select current_user as name`.execute(database.kysely);
    expect(who.rows).toEqual([{ name: other }]);
    await database.close();
    await asAdmin(`drop role ${other}`);
  });

  it('is not said to be wrong while it could not be tried', async () => {
    const away = changed(url, { port: '1' });
    expect(await offer(away, 'second')).toMatch(/^the database can't be asked: .*ECONNREFUSED/);
    await expectConnections();
  });

  it('is all of DATABASE_URL that changes without a restart', () => {
    expect(keepsUrl(changed(postgresql.url, { password: 'second', username: 'other' }))).toBe(true);
    for (const change of [{ hostname: 'db.example' }, { port: '1' }, { pathname: '/other' }])
      expect(keepsUrl(changed(postgresql.url, change))).toBe(false);
  });

  it('is looked for at once when the server refuses the old one', async () => {
    await onServer('third');
    found = 'third';
    await expectConnections();
  });

  it('is told to be wrong when neither is the one, without saying it', async () => {
    expect(await rotateTo('fourth-secret')).toBe('the database does not take it');
    await onServer('fifth-secret');
    await asAdmin(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`);
    const refused = database.withLock('rotation', async () => 'done');
    await expect(refused).rejects.toThrow(/password authentication failed/);
    await expect(refused).rejects.not.toThrow(/secret/);
  });
});
