import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  databases,
  freePort,
  freshPostgresql,
  scratchFolder,
  systemProgram,
  useValkey,
  type FreshPostgresql,
  type ScratchFolder,
} from '#testing';
import { allDocuments, blocksIn, Document } from './support/documents.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { ROOT } from './support/root.ts';
import { gatehouse, run, type Ended } from './support/run.ts';

/** The first suite may have to wait for a server to be installed. */
const SETUP_TIMEOUT_MS = 600_000;
const RECOVERY = 'docs/runbooks/disaster-recovery.md';
const pages = [
  ...allDocuments().filter(({ path }) => path.startsWith('docs/runbooks/')),
  new Document('docs/operating.md'),
];
const stopped = new Document(RECOVERY).between('stopped')!;

type Env = Record<string, string>;
const random = () => randomBytes(32).toString('hex');

describe('the commands of the runbooks', () => {
  const valkey = useValkey({ password: random(), maxmemoryPolicy: 'noeviction' });
  let folder: ScratchFolder;
  let postgresql: FreshPostgresql;
  let gateway: GatewayProcess;
  let env: Env;

  beforeAll(async () => {
    await systemProgram('jq', 'jq');
    await systemProgram('pg_dump', 'postgresql-client');
    [folder, postgresql] = await Promise.all([scratchFolder(), freshPostgresql()]);
    const place = (name: string): string => {
      mkdirSync(join(folder.path, name), { mode: 0o700 });
      return join(folder.path, name);
    };
    const pepper = join(folder.path, 'pepper');
    writeFileSync(pepper, random(), { mode: 0o600 });
    env = {
      DATA_DIR: place('data'),
      BACKUP_DIR: place('backups'),
      DATABASE_URL: postgresql.url,
      VALKEY_URL: valkey().url,
      VALKEY_PASSWORD: valkey().password!,
      API_KEY_PEPPER_FILE: pepper,
      GATEHOUSE_API_KEY: random(),
      PORT: String(await freePort()),
      MANAGEMENT_PORT: String(await freePort()),
      RATE_LIMIT_CLIENT_MAX: '1',
    };
    gateway = await GatewayProcess.start({ ...env, LOG_LEVEL: 'error' });
    await gateway.client.rest('/conversations/ingest', {
      body: { conversation_id: 'c-1', content: 'A parcel.' },
    });
    // There is something of each kind to be found.
    await gateway.client.rest('/search', { key: 'unknown', body: { query: 'parcel' } });
    const { body } = await gateway.client.rest('/admin/keys', { body: { name: 'a', role: 'service' } });
    const { key } = body as { key: string };
    for (let i = 0; i < 2; i++) await gateway.client.rest('/conversations', { key });
    env = { ...env, ...byHand(env, folder.path), EVIDENCE: place('evidence'), RESTORED: restoredName() };
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await gateway?.stop();
    await postgresql?.drop();
    await folder?.remove();
  });

  it.each(pages.filter(({ path }) => path !== RECOVERY))('$path', async (page) => {
    for (const block of page.blocks('sh')) expect(await type(block, env)).toEqual(done);
  });

  it(`${RECOVERY}: a backup, restored, has all of it, and an audit chain that verifies`, async () => {
    const blocks = blocksIn(new Document(RECOVERY).text.replace(stopped, ''), 'sh');
    try {
      for (const block of blocks) expect(await type(block, env)).toEqual(done);

      const restored = {
        ...env,
        DATABASE_URL: urlOf(postgresql, env['RESTORED']!),
        DATA_DIR: join(folder.path, 'new'),
      };
      const again = await start(restored);
      const { body } = await again.client.rest('/conversations/c-1');
      await again.stop();
      expect(body).toMatchObject({ conversation_id: 'c-1' });
      expect(await verify(restored)).toMatchObject({
        valid: true,
        chains: [{ state: 'open' }, { state: 'closed' }],
      });

      // What it says of a trail that is not whole, so that it says something of one that is.
      await query(restored.DATABASE_URL, `delete from audit_records where event = 'invalid_auth'`);
      expect(await verify(restored)).toMatchObject({ valid: false, findings: [{ harm: 'removed' }] });
    } finally {
      await query(postgresql.url, `drop database if exists ${env['RESTORED']} with (force)`);
    }
  });

  it(`${RECOVERY}: the same of the embedded database`, async () => {
    const { DATABASE_URL: _, VALKEY_URL: __, ...alone } = env;
    const database = await databases[0]!.create();
    const embedded: Env = { ...alone, ...database.env, RESTORED_DIR: join(folder.path, 'restored') };
    try {
      const first = await start(embedded);
      await first.client.rest('/conversations/ingest', {
        body: { conversation_id: 'c-2', content: 'A parcel.' },
      });
      await first.stop();

      for (const block of blocksIn(stopped, 'sh')) expect(await type(block, embedded)).toEqual(done);

      const DATA_DIR = embedded['RESTORED_DIR']!;
      const second = await start({ ...embedded, DATA_DIR });
      const { body } = await second.client.rest('/conversations/c-2');
      await second.stop();
      expect(body).toMatchObject({ conversation_id: 'c-2' });
      expect(await verify({ DATA_DIR })).toMatchObject({ valid: true, chains: [{}, {}] });
    } finally {
      await database.remove();
    }
  });
});

const done: Ended = { code: 0, out: expect.any(String) as string, err: '' };

/** On ports that are free now. */
async function start(env: Env): Promise<GatewayProcess> {
  const ports = { PORT: String(await freePort()), MANAGEMENT_PORT: String(await freePort()) };
  return GatewayProcess.start({ ...env, ...ports, LOG_LEVEL: 'error' });
}

/** Types a block as its reader would, on the machine of the gateway. What goes wrong ends it. */
function type(block: string, env: Env): Promise<Ended> {
  const npx = `npx() { shift; '${process.execPath}' '${join(ROOT, 'apps/cli/bin/gatehouse.js')}' "$@"; }\n`;
  return run('bash', ['-euo', 'pipefail'], { env, input: npx + block });
}

/** What stands in the environment of whoever types: where the gateway is, and the database, whose password is in a file. */
function byHand(env: Env, home: string): Env {
  const { hostname, port, username, password, pathname, searchParams } = new URL(env['DATABASE_URL']!);
  const host = searchParams.get('host') ?? hostname;
  const curlrc = [8000, 8001].map((at) => {
    const real = at === 8000 ? env['PORT'] : env['MANAGEMENT_PORT'];
    return `connect-to = "localhost:${at}:127.0.0.1:${real}"`;
  });
  writeFileSync(join(home, '.curlrc'), curlrc.join('\n'));
  writeFileSync(join(home, '.pgpass'), `*:*:*:*:${decodeURIComponent(password)}`, { mode: 0o600 });
  return {
    HOME: home,
    GATEHOUSE_URL: `http://127.0.0.1:${env['PORT']}`,
    PGHOST: host,
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGDATABASE: pathname.slice(1),
    PGPASSFILE: join(home, '.pgpass'),
  };
}

function restoredName(): string {
  return `gatehouse_test_${randomBytes(6).toString('hex')}`;
}

function urlOf({ url }: FreshPostgresql, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

async function verify(env: Env): Promise<unknown> {
  const { out } = await gatehouse(['audit', 'verify', '--json'], { env });
  return JSON.parse(out) as unknown;
}

async function query(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
