import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '#config';
import { freshPostgresql, scratchFolder, type FreshPostgresql, type ScratchFolder } from '#testing';
import { DatabaseUnavailable } from '../database-failure.ts';
import type { Database } from '../database.ts';
import { DataFolder } from '../folder/data-folder.ts';
import { openDatabase } from '../open-database.ts';
import { persistenceConfig } from '../persistence.config.ts';

describe('PostgreSQL by DATABASE_URL', () => {
  let postgresql: FreshPostgresql;
  let scratch: ScratchFolder;
  let folder: DataFolder;
  const opened: Database[] = [];
  beforeAll(async () => {
    scratch = await scratchFolder();
    folder = await DataFolder.open(scratch.path);
  });
  beforeEach(async () => {
    postgresql = await freshPostgresql();
  }, 600_000);
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
    await postgresql.drop();
  });
  afterAll(async () => {
    await folder.close();
    await scratch.remove();
  });

  async function open(url: string, settings: Record<string, string> = {}): Promise<Database> {
    const config = readConfig(persistenceConfig, { DATABASE_URL: url, ...settings });
    const database = await openDatabase(config, folder);
    opened.push(database);
    return database;
  }

  async function asAdmin(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: postgresql.url });
    await client.connect();
    await client.query(statement);
    await client.end();
  }

  function changed(change: (url: URL) => void): string {
    const url = new URL(postgresql.url);
    change(url);
    return url.href;
  }

  const others = sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'wrong-password'), 'the server refuses the password'],
    ['no such database', (url: URL) => (url.pathname = '/nowhere'), 'the server has no such database'],
    ['nothing at the port', (url: URL) => (url.port = '1'), 'nothing listens there'],
    ['no such host', (url: URL) => (url.hostname = 'nowhere.invalid'), /no such host|could not be looked up/],
  ])('says so: %s', async (_, change, reason) => {
    const url = changed(change);
    const error = (await open(url).catch((caught: unknown) => caught)) as Error;
    expect(error.message).toMatch(/^DATABASE_URL \(\w+ at .+\) can't be used: /);
    expect(error.message).toMatch(reason);
    expect(inspect(error, { depth: 10 })).not.toContain(new URL(url).password);
  });

  it('refuses a URL that is none, without showing it', () => {
    expect(() => readConfig(persistenceConfig, { DATABASE_URL: 'postgres://me:hidden@host:port/' })).toThrow(
      'DATABASE_URL is a text of 31 characters: it must be a URL that begins with postgres://',
    );
  });

  describe('a server that is not what it should be', () => {
    let server: Server;
    let answer: (query: string) => Buffer;
    beforeEach(async () => {
      server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', (bytes) => socket.write(answer(bytes.toString('latin1'))));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(() => server.close());
    const url = () => `postgres://gatehouse@127.0.0.1:${(server.address() as AddressInfo).port}/x`;

    it('is refused when it is too old', async () => {
      const ready = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I', 'latin1');
      const old = Buffer.from(
        'T\0\0\0\x2b\0\x01server_version_num\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0' +
          'D\0\0\0\x10\0\x01\0\0\0\x06140011' +
          'C\0\0\0\x09SHOW\0Z\0\0\0\x05I',
        'latin1',
      );
      answer = (query) => (query.startsWith('Q') ? old : ready);
      await expect(open(url())).rejects.toThrow(
        'DATABASE_URL: the server is PostgreSQL 14, and Gatehouse needs 15 or later',
      );
    });

    it('is refused when it does not answer', async () => {
      answer = () => Buffer.alloc(0);
      await expect(open(url(), { DATABASE_CONNECT_TIMEOUT_MS: '200' })).rejects.toThrow(
        'no answer in time (DATABASE_CONNECT_TIMEOUT_MS)',
      );
    });

    it('is refused when it is another kind of server', async () => {
      answer = () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
      await expect(open(url(), { DATABASE_CONNECT_TIMEOUT_MS: '500' })).rejects.toThrow("can't be used: ");
    });
  });

  it('may be opened by many replicas at once', async () => {
    const replicas = await Promise.all(Array.from({ length: 5 }, () => open(postgresql.url)));
    const { rows } = await sql`select name from gatehouse_migrations`.execute(replicas[0]!.kysely);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it('locks replicas out of each other', async () => {
    const [one, two] = await Promise.all([open(postgresql.url), open(postgresql.url)]);
    const order: string[] = [];
    const visit = (database: Database, name: string) =>
      database.withLock('gate', async () => {
        order.push(`${name} in`);
        await sql`select pg_sleep(0.05)`.execute(database.kysely);
        order.push(`${name} out`);
      });
    await Promise.all([visit(one, 'a'), visit(two, 'b'), visit(one, 'c'), visit(two, 'd')]);
    for (let at = 0; at < order.length; at += 2) {
      expect(order[at + 1]).toBe(order[at]?.replace('in', 'out'));
    }
  });

  it('outlives the loss of its connections, idle or in use', async () => {
    const database = await open(postgresql.url);
    await sql`select 1`.execute(database.kysely);
    const interrupted = database.kysely.transaction().execute(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await asAdmin(others.compile(database.kysely).sql);
      await sql`select 1`.execute(transaction);
    });
    await expect(interrupted).rejects.toBeInstanceOf(DatabaseUnavailable);
    await asAdmin(others.compile(database.kysely).sql);
    await expect
      .poll(() => sql`select 1 as one`.execute(database.kysely).catch(() => undefined))
      .toBeDefined();
  });

  describe('a user who may do little', () => {
    const role = `gatehouse_test_${randomBytes(6).toString('hex')}`;
    const url = () =>
      changed((one) => {
        one.username = role;
        one.password = role;
      });
    beforeEach(() => asAdmin(`create role ${role} login password '${role}'`));
    afterEach(async () => {
      for (const database of opened.splice(0)) await database.close();
      await asAdmin(`drop owned by ${role}; drop role ${role}`);
    });

    it('does without vectors when it may not install them', async () => {
      await asAdmin(`grant create on schema public to ${role}`);
      const { vectors } = await open(url());
      expect(vectors).toBe(false);
    });

    it('is told when it may not make tables', async () => {
      await expect(open(url())).rejects.toThrow(/could not be migrated .*permission denied/);
    });
  });
});
