import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, scratchFolder, type TestDatabase } from '#testing';
import { EmbeddedServer } from './embedded-server.ts';

const serverModule = fileURLToPath(new URL('./embedded-server.ts', import.meta.url));

const ENDLESS = 'select count(*) from generate_series(1, 3000000000)';

/** A program that writes rows until it is killed, and says of each one that it is written. */
const writer = `
  const { EmbeddedServer } = await import(${JSON.stringify(serverModule)});
  const { default: pg } = await import('pg');
  const server = await EmbeddedServer.start(process.argv[1]);
  console.log('open');
  const client = new pg.Client({ stream: () => server.connect(), user: 'postgres', database: 'postgres', ssl: false });
  await client.connect();
  await client.query('create table if not exists kept (id integer primary key, filling text)');
  const { rows } = await client.query('select coalesce(max(id), 0) as last from kept');
  for (let id = rows[0].last + 1; ; id++) {
    await client.query("insert into kept values ($1, repeat('x', 500))", [id]);
    console.log(id);
  }
`;

async function connected<T>(
  server: EmbeddedServer,
  work: (client: pg.Client) => Promise<T>,
  options: pg.ClientConfig = {},
): Promise<T> {
  const client = new pg.Client({
    ...options,
    stream: () => server.connect(),
    user: 'postgres',
    database: 'postgres',
    ssl: false,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the embedded database', () => {
  let created: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    created = await databases[0]!.create();
    folder = join(created.env['DATA_DIR'] ?? '', 'database');
  });
  afterEach(() => created.remove());

  async function writeUntilKilled(afterRows: number): Promise<number> {
    const child = spawn(process.execPath, ['-e', writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = 0;
    for await (const line of createInterface(child.stdout)) {
      last = Number(line) || last;
      if (last >= afterRows) child.kill('SIGKILL');
    }
    return last;
  }

  it('keeps every row it has acknowledged when its process is killed', async () => {
    let last = 0;
    for (const more of [1, 300]) {
      last = await writeUntilKilled(last + more);
      const server = await EmbeddedServer.start(folder);
      const { rows } = await connected(server, (client) => client.query('select id from kept order by id'));
      await server.close();
      const ids = rows.map(({ id }: { id: number }) => id);
      expect(ids).toEqual(ids.map((_: number, index: number) => index + 1));
      expect(ids.length).toBeGreaterThanOrEqual(last);
      last = ids.length;
    }
  });

  it('is made anew when its process is killed while it makes it', async () => {
    await using scratch = await scratchFolder();
    const fresh = join(scratch.path, 'database');
    const child = spawn(process.execPath, ['-e', writer, fresh], { stdio: 'ignore' });
    while (!(await stat(join(`${fresh}.new`, 'PG_VERSION')).catch(() => undefined))) await delay(5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(scratch.path)).toEqual(['database.new']);
    const server = await EmbeddedServer.start(fresh);
    await server.close();
    expect(await readdir(scratch.path)).toEqual(['database']);
    expect((await stat(fresh)).mode & 0o777).toBe(0o700);
  });

  it('says what is wrong with a folder that holds no database', async () => {
    await using scratch = await scratchFolder();
    await mkdir(join(scratch.path, 'base'));
    await writeFile(join(scratch.path, 'PG_VERSION'), '12\n');
    await expect(EmbeddedServer.start(scratch.path)).rejects.toThrow(
      `The embedded database in ${scratch.path} can't be opened: `,
    );
  });

  it('cuts a query off that does not end when it is closed, and opens again', async () => {
    const server = await EmbeddedServer.start(folder);
    const endless = connected(server, (client) => {
      client.on('error', () => undefined);
      return client.query(ENDLESS);
    });
    const outcome = endless.catch((error: Error) => error.message);
    await delay(200);
    await server.close(100);
    expect(await outcome).toBe('The embedded database is closed');
    await expect(connected(server, (client) => client.query('select 1'))).rejects.toThrow('is closed');
    await (await EmbeddedServer.start(folder)).close();
  });

  it('does not keep a process alive that has nothing more to do', async () => {
    const idle = `
      const { EmbeddedServer } = await import(${JSON.stringify(serverModule)});
      const { default: pg } = await import('pg');
      const server = await EmbeddedServer.start(process.argv[1]);
      const pool = new pg.Pool({ stream: () => server.connect(), user: 'postgres', ssl: false, max: 1, allowExitOnIdle: true });
      console.log((await pool.query('select 42 as answer')).rows[0].answer);
    `;
    const child = spawn(process.execPath, ['-e', idle, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    expect(said.toString().trim()).toBe('42');
    expect(await ended).toEqual([0, null]);
  });
});

describe('the embedded database, while it is open', () => {
  let created: TestDatabase;
  let server: EmbeddedServer;
  beforeAll(async () => {
    created = await databases[0]!.create();
    server = await EmbeddedServer.start(join(created.env['DATA_DIR'] ?? '', 'database'));
  });
  afterAll(async () => {
    await server?.close();
    await created.remove();
  });

  it('does not hold up the thread that asks', async () => {
    const loop = monitorEventLoopDelay({ resolution: 5 });
    const took = await connected(server, async (client) => {
      loop.enable();
      const before = performance.now();
      await client.query('select count(*) from generate_series(1, 3000000)');
      return performance.now() - before;
    });
    loop.disable();
    expect(took).toBeGreaterThan(100);
    expect(loop.max / 1e6).toBeLessThan(took / 2);
  });

  it('gives a new session nothing of the one before', async () => {
    await connected(server, async (client) => {
      await client.query("set statement_timeout = '7s'");
      await client.query('create temporary table mine (id integer)');
      await client.query('begin');
      await client.query('create table unfinished (id integer)');
    });
    const { rows } = await connected(server, (client) =>
      client.query(`select current_setting('statement_timeout') as setting, to_regclass('mine') as temporary,
                           to_regclass('unfinished') as unfinished, pg_current_xact_id_if_assigned() as transaction`),
    );
    expect(rows).toEqual([{ setting: '0', temporary: null, unfinished: null, transaction: null }]);
  });

  it('lets one session in at a time, the next when it has ended', async () => {
    const order: string[] = [];
    const visit = (name: string) =>
      connected(server, async (client) => {
        order.push(`${name} in`);
        await client.query('select 1');
        await delay(20);
        order.push(`${name} out`);
      });
    await Promise.all([visit('a'), visit('b'), visit('c')]);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('gives up a statement that nobody waits for, and serves the next session', async () => {
    await connected(server, (client) => client.query('create table kept (id integer)'));
    const abandoned = connected(server, (client) => client.query(ENDLESS), { query_timeout: 100 });
    await expect(abandoned).rejects.toThrow('Query read timeout');
    const { rows } = await connected(server, (client) => client.query('select count(*) as kept from kept'));
    expect(rows).toEqual([{ kept: '0' }]);
  });
});
