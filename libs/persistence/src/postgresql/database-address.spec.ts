import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import { RotatingValue, type Secrets } from '#secrets';
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
  let password: RotatingValue<unknown>;
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
    password = new RotatingValue<unknown>('first');
    const url = new URL(postgresql.url);
    [url.username, url.password] = [user, ''];
    const settings = readConfig(persistenceConfig, { DATABASE_URL: url.href, DATABASE_PASSWORD: 'first' });
    const urls = new RotatingValue<unknown>(url.href);
    const secrets: Pick<Secrets, 'watch' | 'guard' | 'refresh'> = {
      watch: <T>(setting: { env: string }) =>
        (setting.env === 'DATABASE_URL' ? urls : password) as unknown as RotatingValue<T>,
      guard: (_, keeps) => void (keepsUrl = keeps as typeof keepsUrl),
      refresh: async () => {
        if (found !== undefined) rotateTo(found);
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

  function rotateTo(next: string): void {
    password.set(next);
    password.tell();
  }

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
    rotateTo('second');
    await expectConnections();
  });

  it('may be rotated here before the server knows it, and after', async () => {
    rotateTo('second');
    await expectConnections();
    await onServer('second');
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
    rotateTo('fourth-secret');
    await onServer('fifth-secret');
    await asAdmin(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`);
    const refused = database.withLock('rotation', async () => 'done');
    await expect(refused).rejects.toThrow(/password authentication failed/);
    await expect(refused).rejects.not.toThrow(/secret/);
  });
});
