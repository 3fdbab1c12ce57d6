import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database } from '#persistence';
import { databases, SecretsManagerServer, ValkeyServer, type DatabaseKind } from '#testing';
import type { SecretListView } from '#rotation';
import { journalOf } from './support/audit-records.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { gatehouse } from './support/run.ts';

const DAY_MS = 86_400_000;
const [FIRST, SECOND] = [
  'first-0Zq8vT2mXr5LkW9pNc3HbYd7JfGs4UeAo',
  'second-1RiBtMz6KxQwVnEyCgPhSjDuFl0TaOI2',
] as const;
const JWT = 'jwt-Zq8vT2mXr5LkW9pNc3HbYd7JfGs4UeAo1RiBtMz6KxQwVnEyCgPhSjDuFl0TaOI2';

/** The whole program, with all its secrets in AWS Secrets Manager, beside a PostgreSQL and a Valkey. */
describe('secrets that rotate in AWS Secrets Manager', () => {
  const role = `rotating_${randomBytes(4).toString('hex')}`;
  let store: SecretsManagerServer;
  let valkey: ValkeyServer;
  let admin: string;
  const kind: DatabaseKind = {
    name: 'PostgreSQL',
    async create() {
      const made = await databases[1]!.create();
      const { env, ...database } = made;
      const url = new URL(env['DATABASE_URL']!);
      const server = new URL('/postgres', url);
      server.search = url.search;
      admin = server.href;
      await asAdmin(`create role ${role} login superuser password '${FIRST}'`);
      [url.username, url.password] = [role, ''];
      const users = [`gatehouse on >${FIRST} ~* &* +@all`];
      [store, valkey] = await Promise.all([
        SecretsManagerServer.start(),
        ValkeyServer.start({ users, password: JWT }),
      ]);
      store
        .put('database/url', JSON.stringify({ url: url.href }))
        .put('database/password', FIRST)
        .put('redis/url', `redis://gatehouse@127.0.0.1:${valkey.port}`)
        .put('redis/password', Buffer.from(FIRST))
        .put('application/api-key-pepper', FIRST)
        .put('application/jwt-secret', JWT, new Date(Date.now() - 200 * DAY_MS));
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'only-for-tests');
      return {
        ...database,
        remove: async () => {
          await made.remove();
          await asAdmin(`drop role ${role}`);
        },
        env: {
          DATA_DIR: env['DATA_DIR']!,
          ...store.env,
          SECRETS_TTL_MS: '200',
          VALKEY_RETRY_MAX_MS: '100',
          RATE_LIMIT_ENABLED: 'false',
        },
      };
    },
  };
  const gateway = useGateway(kind);
  async function asAdmin(statement: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }
  afterAll(async () => {
    vi.unstubAllEnvs();
    await valkey.remove();
    await store.close();
  });

  const secrets = async () => (await gateway().client.rest('/admin/secrets')).body as SecretListView;
  const cacheStatus = async () => {
    const { body } = await gateway().client.rest('/health');
    return (body as { cache: { status: string } }).cache.status;
  };
  const records = () => journalOf(gateway().gateway.app.get(Database), gateway().dataDir);
  const rotated = async (name: string) =>
    (await records()).filter(({ event, target }) => event === 'secret_rotated' && target === name).length;
  const details = async () =>
    (await gateway().managementClient.rest('/health/details')).body as { details: Record<string, unknown> };
  const metrics = async () => (await gateway().managementClient.rest('/metrics', { key: '' })).body as string;

  let key: string;
  beforeAll(async () => {
    key = await gateway().createKey();
  });

  it('are all that a start needs', async () => {
    expect(await cacheStatus()).toBe('up');
    expect(await details()).toMatchObject({ details: { database: { engine: 'postgresql' } } });
    const { secrets: listed, unavailable } = await secrets();
    expect(unavailable).toBeNull();
    expect(Object.fromEntries(listed.map(({ name, source }) => [name, source]))).toMatchObject({
      GATEHOUSE_API_KEY: 'environment',
      JWT_SECRET: 'aws',
      VALKEY_PASSWORD: 'aws',
      API_KEY_PEPPER: 'aws',
    });
  });

  /** So many callers, one call after the other each; ends them, and says how the calls went that did not go well. */
  function load(callers: number): () => Promise<unknown[]> {
    const failed: unknown[] = [];
    const over = new AbortController();
    const calling = Array.from({ length: callers }, async () => {
      while (!over.signal.aborted) {
        const { status } = await gateway().client.rest('/conversations', { key });
        if (status !== 200) failed.push(status);
      }
    });
    return async () => {
      over.abort();
      await Promise.all(calling);
      return failed;
    };
  }

  /** Everybody says that the server does not take the new one, and nobody that it is in use. */
  async function expectRefused(name: string, reason: string): Promise<void> {
    const state = async () => (await secrets()).secrets.find((secret) => secret.name === name);
    await expect.poll(async () => (await state())?.refused).toContain(reason);
    expect(await rotated(name)).toBe(0);
    const refusals = async () =>
      (await records()).filter(({ event, target }) => event === 'secret_refused' && target === name);
    await expect.poll(async () => (await refusals()).length).toBeGreaterThan(0);
    const counted = new RegExp(
      `^gatehouse_secret_changes_total\\{name="${name}",result="refused"\\} [1-9]`,
      'm',
    );
    expect(await metrics()).toMatch(counted);
    expect(await details()).toMatchObject({ details: { secrets: { refused: [name] } } });
  }

  it('change the password of the database, and no call fails', async () => {
    const ended = [load(2)];
    store.put('database/password', SECOND);
    await expectRefused('DATABASE_PASSWORD', 'the database does not take it');
    const [now] = await asAdmin('select clock_timestamp()::text as now');
    await asAdmin(`alter role ${role} password '${SECOND}'`);
    // More at a time, for which new connections are made: by the new password alone.
    ended.push(load(12));
    await expect.poll(() => rotated('DATABASE_PASSWORD')).toBe(1);
    const since = `select from pg_stat_activity where usename = '${role}' and backend_start > '${String(now!['now'])}'`;
    await expect.poll(async () => (await asAdmin(since)).length).toBeGreaterThan(0);
    const failed = await Promise.all(ended.map((end) => end()));
    expect(failed.flat()).toEqual([]);
  });

  it('change the password of Valkey, and no call is held up', async () => {
    const end = load(4);
    store.put('redis/password', SECOND);
    await expectRefused('VALKEY_PASSWORD', 'does not take it: WRONGPASS');
    await valkey.command('ACL', 'SETUSER', 'gatehouse', `>${SECOND}`);
    await expect.poll(() => rotated('VALKEY_PASSWORD')).toBe(1);
    await valkey.command('ACL', 'SETUSER', 'gatehouse', `<${FIRST}`);
    await valkey.command('CLIENT', 'KILL', 'USER', 'gatehouse');
    await expect.poll(() => valkey.command('CLIENT', 'LIST')).toMatch(/ user=gatehouse /);
    await expect.poll(cacheStatus).toBe('up');
    expect(await end()).toEqual([]);
    expect((await secrets()).secrets.filter(({ refused }) => refused !== null)).toEqual([]);
  });

  it('change the pepper, and keys of before work on beside those that are made now', async () => {
    store.put('application/api-key-pepper', SECOND.split('').toReversed().join(''));
    await expect.poll(() => rotated('API_KEY_PEPPER')).toBe(1);
    expect((await gateway().client.rest('/conversations', { key })).status).toBe(200);
    const fresh = await gateway().createKey();
    expect((await gateway().client.rest('/conversations', { key: fresh })).status).toBe(200);
    expect((await gateway().client.rest('/admin/keys')).status).toBe(200);
  });

  it('tell when they are overdue: in health, in metrics, and to scripts by the exit code', async () => {
    expect(await details()).toMatchObject({
      details: { secrets: { status: 'up', overdue: ['JWT_SECRET'] } },
    });
    const read = await metrics();
    expect(Number(/^gatehouse_secret_age_days\{name="JWT_SECRET"\} (.*)$/m.exec(read)?.[1])).toBeCloseTo(
      200,
      1,
    );
    expect(
      Number(/^gatehouse_secret_rotation_due_seconds\{name="JWT_SECRET"\} (.*)$/m.exec(read)?.[1]),
    ).toBeLessThan(0);
    expect(
      Number(/^gatehouse_secret_rotation_due_seconds\{name="VALKEY_PASSWORD"\} (.*)$/m.exec(read)?.[1]),
    ).toBeGreaterThan(89 * 86_400);
    const env = { GATEHOUSE_URL: gateway().gateway.url, GATEHOUSE_API_KEY: ADMIN_KEY };
    const status = await gatehouse(['secrets', 'status'], { env });
    expect(status.code).toBe(1);
    expect(status.out).toMatch(/^JWT_SECRET +aws +200 +\d{4}-\d\d-\d\d +OVERDUE$/m);
    store.put('application/jwt-secret', JWT.toUpperCase());
    await expect.poll(async () => (await secrets()).secrets.some(({ overdue }) => overdue)).toBe(false);
    const json = await gatehouse(['secrets', 'status', '--json'], { env });
    expect(json.code).toBe(0);
    expect(JSON.parse(json.out)).toEqual(await secrets());
  });

  it('go on as they are while they can not be asked for, which stops no call, and health says so', async () => {
    store.mood = { error: 'AccessDeniedException' };
    await expect
      .poll(async () => (await secrets()).unavailable)
      .toContain('access is denied (AccessDeniedException)');
    expect(await details()).toMatchObject({
      details: { secrets: { unavailable: expect.stringContaining('denied') } },
    });
    expect(await metrics()).toMatch(/^gatehouse_secrets_unavailable 1$/m);
    expect((await gateway().client.rest('/ready', { key: '' })).status).toBe(200);
    expect((await gateway().client.rest('/conversations', { key })).status).toBe(200);
    store.mood = undefined;
    await expect.poll(async () => (await secrets()).unavailable).toBeNull();
    expect(await records()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: 'secrets_unavailable', severity: 'HIGH' }),
        expect.objectContaining({ event: 'secrets_available' }),
      ]),
    );
  });

  it('are shown to those who may see them alone, and never what they hold', async () => {
    expect((await gateway().client.rest('/admin/secrets', { key })).status).toBe(403);
    const shown = JSON.stringify([await secrets(), await details(), await metrics(), await records()]);
    expect(shown).not.toMatch(new RegExp(`${FIRST}|${SECOND}|${JWT}`, 'i'));
  });
});

describe('gatehouse, on the stores of a gateway that is stopped', () => {
  it('finds its secrets in AWS Secrets Manager, too', async () => {
    await using store = await SecretsManagerServer.start();
    store.put('application/jwt-secret', JWT, new Date(Date.now() - 200 * DAY_MS));
    const database = await databases[0]!.create();
    const credentials = {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'only-for-tests',
    };
    const env = { ...database.env, ...store.env, ...credentials };
    const status = await gatehouse(['secrets', 'status', '--local'], { env });
    expect(status).toMatchObject({ code: 1, err: '' });
    expect(status.out).toMatch(/^JWT_SECRET +aws +200 .* OVERDUE$/m);
    store.mood = { error: 'AccessDeniedException' };
    const denied = await gatehouse(['keys', 'list', '--local'], { env });
    expect(denied).toMatchObject({ code: 2, out: '' });
    expect(denied.err).toContain('/mcp-demo/prod/database/url: access is denied (AccessDeniedException)');
    await database.remove();
  });
});
