import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, scratchFolder, type DatabaseKind, type ScratchFolder } from '#testing';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { gatehouse, type Ended, type RunOptions } from './support/run.ts';

interface Key {
  id: string;
  key: string;
  name: string;
  role: string;
  tier: string | null;
  state: string;
}
interface Summary {
  lines: number;
  ingested: number;
  skipped: number;
  failed: number;
  left: number;
}

describe('gatehouse', () => {
  it('tells what it can do', async () => {
    const { code, out } = await gatehouse(['--help']);
    expect(code).toBe(0);
    for (const command of ['start', 'keys', 'audit', 'backup', 'encryption', 'ingest', 'persons', 'settings'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it.concurrent.each([
    [['open'], "unknown command 'open'"],
    [['keys', 'steal'], "unknown command 'steal'"],
    [['keys', 'list', '--key', ADMIN_KEY], "unknown option '--key'"],
    [['ingest'], "missing required argument 'file'"],
  ])('refuses the command line %j with 2', async (args, why) => {
    const { code, out, err } = await gatehouse(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(why);
    expect(err).not.toContain(ADMIN_KEY);
  });
});

describe('gatehouse, beside a gateway', () => {
  let local: Ended;
  /** A database in which a key was made before any gateway had opened it. */
  const kind: DatabaseKind = {
    name: 'PGlite',
    async create() {
      const place = await databases[0]!.create();
      const args = ['keys', 'create', 'local', '--role', 'admin', '--local', '--json'];
      local = await gatehouse(args, { env: place.env });
      return place;
    },
  };
  const gateway = useGateway(kind);
  let home: ScratchFolder;
  beforeAll(async () => {
    home = await scratchFolder();
  });
  afterAll(() => home.remove());

  function command(args: readonly string[], { env, ...options }: RunOptions = {}): Promise<Ended> {
    const { url } = gateway().client;
    const own = { HOME: home.path, GATEHOUSE_URL: url, GATEHOUSE_API_KEY: ADMIN_KEY };
    return gatehouse(args, { env: { ...own, ...env }, ...options });
  }

  async function json<T>(args: readonly string[]): Promise<T> {
    const { code, out, err } = await command([...args, '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out) as T;
  }

  function file(name: string, lines: readonly string[]): string {
    const path = join(home.path, name);
    writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    return path;
  }

  async function stored(): Promise<number> {
    const { body } = await gateway().client.rest('/conversations?limit=1');
    return (body as { total: number }).total;
  }

  async function statusWith(key: string): Promise<number> {
    return (await gateway().client.rest('/admin/keys', { key })).status;
  }

  describe('keys', () => {
    it('makes, lists, rotates and revokes keys', async () => {
      const made = await json<Key>(['keys', 'create', 'agent', '--role', 'admin', '--tier', 'pro']);
      expect(made).toMatchObject({ name: 'agent', role: 'admin', tier: 'pro' });
      expect(await statusWith(made.key)).toBe(200);

      const next = await json<Key>(['keys', 'rotate', made.id]);
      expect([await statusWith(made.key), await statusWith(next.key)]).toEqual([200, 200]);

      expect(await json<Key>(['keys', 'revoke', made.id])).toMatchObject({ id: made.id, state: 'revoked' });
      expect([await statusWith(made.key), await statusWith(next.key)]).toEqual([403, 200]);

      const [{ out: table }, keys] = await Promise.all([
        command(['keys', 'list']),
        json<Key[]>(['keys', 'list']),
      ]);
      expect(table).toMatch(/^ID +NAME +ROLE +TIER +STATE +EXPIRES +LAST USED\n/);
      for (const [id, state] of [
        [made.id, 'revoked'],
        [next.id, 'active'],
      ] as const) {
        expect(table).toMatch(new RegExp(`^${id} +agent +admin +pro +${state} `, 'm'));
        expect(keys).toContainEqual(expect.objectContaining({ id, name: 'agent', role: 'admin', state }));
      }
      expect(table + JSON.stringify(keys)).not.toContain(next.key);
    });

    it('takes the key from a file', async () => {
      const env = { GATEHOUSE_API_KEY: '' };
      const [given, none] = await Promise.all([
        command(['keys', 'list', '--key-file', file('key', [ADMIN_KEY])], { env }),
        command(['keys', 'list'], { env }),
      ]);
      expect(given.code).toBe(0);
      expect(none).toMatchObject({ code: 4, err: expect.stringContaining('No API key') });
    });

    it('says by its exit code who refused', async () => {
      const { key } = await json<Key>(['keys', 'create', 'clerk', '--role', 'employee']);
      const [denied, nowhere, unknown] = await Promise.all([
        command(['keys', 'list'], { env: { GATEHOUSE_API_KEY: key } }),
        command(['keys', 'list', '--url', 'http://127.0.0.1:1']),
        command(['keys', 'revoke', '00000000-0000-4000-8000-000000000000']),
      ]);
      expect(denied).toMatchObject({ code: 4, err: expect.stringContaining('keys:read') });
      expect(nowhere).toMatchObject({ code: 3, err: expect.stringContaining('No Gatehouse answers') });
      expect(unknown).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^There is no such key\n.*docs\/errors\.md#not_found/),
      });
    });

    it('works on the database itself with --local, and only while no gateway does', async () => {
      const { key } = JSON.parse(local.out) as Key;
      expect(await statusWith(key)).toBe(200);
      const env = { DATA_DIR: gateway().dataDir };
      const second = await command(['keys', 'list', '--local'], { env });
      expect(second).toMatchObject({ code: 1, err: expect.stringContaining(String(process.pid)) });
    });
  });

  describe('ingest', () => {
    it('takes what is good and names the lines that are not', async () => {
      const [first, second] = conversations(2, 'good') as [string, string];
      const path = file('bad.jsonl', [first, '{"messages":', '{"messages":[]}', '', second]);
      const { code, out, err } = await command(['ingest', path, '--json']);
      expect(code).toBe(1);
      expect(JSON.parse(out)).toMatchObject({ lines: 4, ingested: 2, failed: 2, left: 0 });
      expect(err).toMatch(/^line 2: not JSON$/m);
      expect(err).toMatch(/^line 3: .*\/messages/m);
      expect((await gateway().client.rest('/conversations/good-1')).status).toBe(200);
    });

    it('goes on where it was interrupted', async () => {
      const COUNT = 400;
      const path = file('many.jsonl', conversations(COUNT, 'many'));
      const before = await stored();
      const some = async (): Promise<void> => {
        while ((await stored()) < before + 20) await sleep(10);
      };
      const cut = await command(['ingest', path, '--json'], { interruption: some() });
      const first = JSON.parse(cut.out) as Summary;
      expect(cut.code).toBe(130);
      expect(first.left).toBeGreaterThan(0);
      expect(first.ingested + first.left).toBe(COUNT);

      const rest = await json<Summary>(['ingest', path]);
      expect(rest).toMatchObject({ lines: COUNT, skipped: first.ingested, ingested: first.left, left: 0 });
      expect(await stored()).toBe(before + COUNT);
    });
  });
});

function conversations(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      conversation_id: `${prefix}-${n}`,
      messages: [{ author_name: 'Ana', text: `Hello ${n}` }],
    }),
  );
}
