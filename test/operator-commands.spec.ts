import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RecentEventsView } from '#audit';
import { databases, freePort, type TestDatabase } from '#testing';
import { auditRecords } from './support/audit-records.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { ROOT } from './support/root.ts';
import { gatehouse, run, type Ended } from './support/run.ts';
import { WebSocketClient } from './support/socket-client.ts';

const bin = (name: string): string => join(ROOT, 'apps/cli/bin', `${name}.js`);

/** They do not end by themselves, whatever becomes of the gateway and of the test. */
const following = new Set<ChildProcess>();
afterEach(() => {
  for (const child of following) child.kill('SIGKILL');
  following.clear();
});

/** `mcp-security-audit --follow`, until it is stopped. */
function follow(managementUrl: string, ...args: string[]) {
  const env = {
    PATH: process.env['PATH']!,
    GATEHOUSE_MANAGEMENT_URL: managementUrl,
    GATEHOUSE_API_KEY: ADMIN_KEY,
  };
  const child = spawn(process.execPath, [bin('mcp-security-audit'), '--json', '--follow', ...args], { env });
  following.add(child);
  const lines: Record<string, unknown>[] = [];
  let said = '';
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line) as (typeof lines)[number]));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    targets: () => lines.map(({ target }) => target),
    said: () => said,
    /** Resolves to its exit code. */
    async stop(): Promise<number> {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      const [code] = (await exited) as [number];
      return code;
    },
  };
}

describe('the commands of operators', () => {
  it.concurrent.each([
    ['mcp-security-audit', 'security-audit'],
    ['mcp-connections', 'connections'],
    ['mcp-health', 'health'],
    ['mcp-restart', 'restart'],
  ])('%s is gatehouse %s, and says what its exit codes mean', async (name, command) => {
    const own = await run(process.execPath, [bin(name), '--help']);
    expect(own).toMatchObject({ code: 0, out: expect.stringContaining(`Usage: gatehouse ${command} `) });
    expect(own.out).toMatch(/Exit codes:\n {2}0 {2}/);
  });
});

describe('the commands of operators, beside a gateway', () => {
  const gateway = useGateway(databases[0]!);

  function command(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    const own = { GATEHOUSE_MANAGEMENT_URL: gateway().gateway.managementUrl!, GATEHOUSE_API_KEY: ADMIN_KEY };
    return gatehouse(args, { env: { ...own, ...env } });
  }

  async function eventsShown(...args: string[]): Promise<Record<string, unknown>[]> {
    const { code, out, err } = await command(['security-audit', '--json', ...args]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async function pageOf(query: Record<string, string>): Promise<RecentEventsView> {
    const path = `/audit/recent?${String(new URLSearchParams(query))}`;
    const { status, body } = await gateway().managementClient.rest(path);
    if (status !== 200) throw new Error(`${path}: ${status}`);
    return body as RecentEventsView;
  }

  const caughtUp = async (): Promise<boolean> => {
    return (await pageOf({ limit: '1' })).complete;
  };

  describe('security-audit', () => {
    beforeAll(async () => {
      const { client, createKey } = gateway();
      const clerk = await createKey({ role: 'employee' });
      await client.rest('/search', { key: 'wrong', body: { query: 'a' } });
      await client.rest('/admin/keys', { key: clerk });
      await client.rest('/search', { raw: '{"__proto__":1}' });
      await client.rest('/search', { body: { query: 'parcel' } });
      while (!(await caughtUp())) await sleep(20);
    });

    it('shows what was refused or changed, oldest first, and no everyday call', async () => {
      const shown = await eventsShown();
      const names = shown.map(({ event }) => event);
      expect(names).toEqual(
        expect.arrayContaining(['server_start', 'invalid_auth', 'access_denied', 'invalid_input']),
      );
      expect(names).not.toContain('call');
      const times = shown.map(({ time }) => String(time));
      expect(times).toEqual(times.toSorted());
    });

    it.each<[Record<string, string>, string[]]>([
      [{ event: 'access_denied' }, ['access_denied']],
      [{ severity: 'HIGH' }, ['invalid_input']],
      [{ since: new Date(Date.now() + 3_600_000).toISOString() }, []],
      [{ address: '192.0.2.1' }, []],
      [{ address: '127.0.0.1', event: 'invalid_auth' }, ['invalid_auth']],
      [{ principal: 'nobody' }, []],
      [{ principal: 'configured-admin', event: 'api_key_created' }, ['api_key_created']],
      [{ principal: 'GATEHOUSE_API_KEY', event: 'api_key_created' }, ['api_key_created']],
    ])('finds with %j only %j', async (filter, expected) => {
      const { events } = await pageOf({ ...filter });
      expect([...new Set(events.map(({ event }) => event))]).toEqual(expected);
    });

    it('has them all as options', async () => {
      const filter = [
        '--event',
        'api_key_created',
        '--severity',
        'LOW',
        '--since',
        '1h',
        '--address',
        '127.0.0.1',
      ];
      const [some, none] = await Promise.all([
        eventsShown(...filter, '--principal', 'configured-admin', '--limit', '1'),
        eventsShown(...filter, '--principal', 'nobody'),
      ]);
      expect(some).toEqual([expect.objectContaining({ event: 'api_key_created' })]);
      expect(none).toEqual([]);
    });

    it('shows the last ones, and all of them in pages', async () => {
      const whole = (await pageOf({ all: 'true', limit: '500' })).events;
      const paged: Record<string, unknown>[] = [];
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await pageOf({ all: 'true', limit: '3', ...(cursor && { cursor }) });
        paged.push(...page.events);
        cursor = page.next_cursor;
      }
      // To ask for them makes events of its own, which come before these.
      expect(paged.slice(-whole.length)).toEqual(whole);
      expect(new Set(paged.map(({ seq }) => seq)).size).toBe(paged.length);
    });

    it.each([['bm9uZSBvZiBvdXJz'], ['WyJ4IiwieSIsInoiXQ']])(
      'refuses the cursor %s, which it never gave',
      async (cursor) => {
        const answer = await gateway().managementClient.rest(`/audit/recent?cursor=${cursor}`);
        expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
      },
    );

    it('follows what happens from now on, each event once', async () => {
      const follower = follow(gateway().gateway.managementUrl!, '--event', 'not_found', '--since', '1m');
      await gateway().client.rest('/first-of-all');
      await expect.poll(follower.targets).toContain('GET /first-of-all');
      await gateway().client.rest('/second-of-all');
      await expect.poll(follower.targets).toContain('GET /second-of-all');
      await sleep(1_500); // It looks again, and finds the same.
      expect(await follower.stop()).toBe(0);
      expect(follower.targets()).toEqual(['GET /first-of-all', 'GET /second-of-all']);
    });

    it('follows from the last ones on, and does not go back before them', async () => {
      for (const path of ['/older', '/old', '/last']) await gateway().client.rest(path, { method: 'DELETE' });
      while (!(await caughtUp())) await sleep(20);
      const follower = follow(gateway().gateway.managementUrl!, '--event', 'not_found', '--limit', '1');
      await expect.poll(follower.targets).toEqual(['DELETE /last']);
      await gateway().client.rest('/next', { method: 'DELETE' });
      await expect.poll(follower.targets).toContain('DELETE /next');
      expect(await follower.stop()).toBe(0);
      expect(follower.targets()).toEqual(['DELETE /last', 'DELETE /next']);
    });

    it('is for those who may read the trail', async () => {
      const clerk = await gateway().createKey({ role: 'employee' });
      const denied = await command(['security-audit'], { GATEHOUSE_API_KEY: clerk });
      expect(denied).toMatchObject({ code: 4, err: expect.stringContaining('audit:read') });
      expect((await command(['security-audit', '--since', 'yesterday'])).code).toBe(2);
    });
  });

  describe('connections', () => {
    it('shows who is connected, and closes one of them at once', async () => {
      const url = `ws://127.0.0.1:${gateway().gateway.webSocketPort}/ws`;
      const [first, second] = [
        await WebSocketClient.open(url, { key: ADMIN_KEY }),
        await WebSocketClient.open(url, { key: await gateway().createKey({ role: 'employee' }) }),
      ];
      const listed = JSON.parse((await command(['connections', '--json'])).out) as Record<string, string>[];
      expect(listed).toEqual([
        expect.objectContaining({ door: 'ws', principal: expect.objectContaining({ role: 'employee' }) }),
        expect.objectContaining({ door: 'ws', principal: expect.objectContaining({ role: 'admin' }) }),
      ]);
      const [{ id = '' } = {}, other] = listed;
      expect(await command(['connections', 'close', id])).toEqual({
        code: 0,
        out: `Closed: ${id}\n`,
        err: '',
      });
      expect(await second.over).toEqual({ code: 1008, reason: 'Closed by an administrator' });
      expect(first.ended).toBe(false);
      const { out } = await command(['connections', 'list']);
      expect(out).toMatch(/^ID +DOOR +PRINCIPAL +ADDRESS /);
      expect(out).toContain(other!['id']);
      expect(out).not.toContain(id);
      first.drop();
    });

    it('says so where there is none of that id, and where its key may not', async () => {
      const close = ['connections', 'close', '0123456789ab-0123456789ab'];
      expect(await command(close)).toMatchObject({
        code: 1,
        err: expect.stringContaining('no such connection'),
      });
      const clerk = await gateway().createKey({ role: 'employee' });
      expect(await command(close, { GATEHOUSE_API_KEY: clerk })).toMatchObject({
        code: 4,
        err: expect.stringContaining('connections:write'),
      });
    });
  });

  describe.concurrent('health', () => {
    it('exits with 0 where every part works, and says so', async () => {
      const [text, json] = await Promise.all([command(['health']), command(['health', '--json'])]);
      expect(text).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringMatching(/^healthy\n {2}database +up /),
      });
      expect(JSON.parse(json.out)).toMatchObject({
        status: 'healthy',
        parts: { database: { status: 'up' } },
      });
      expect(text.out).not.toContain('\u001b');
    });

    it('exits with 2 where nobody answers', async () => {
      const nowhere = await command(['health', '--json'], {
        GATEHOUSE_MANAGEMENT_URL: `http://127.0.0.1:${await freePort()}`,
      });
      expect(nowhere.code).toBe(2);
      expect(JSON.parse(nowhere.out)).toMatchObject({
        status: 'down',
        reason: expect.stringContaining('ECONNREFUSED'),
      });
    });

    it('does not call down what its key may not see', async () => {
      const clerk = await gateway().createKey({ role: 'employee' });
      expect((await command(['health'], { GATEHOUSE_API_KEY: clerk })).code).toBe(4);
    });
  });

  describe('restart', () => {
    it('is refused where nothing would start it again, and says so', async () => {
      const refused = await command(['restart']);
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('SUPERVISED=true') });
      expect((await gateway().client.rest('/health')).status).toBe(200);
    });

    it.each(['auditor', 'service', 'employee'] as const)('is not for the role %s', async (role) => {
      const key = await gateway().createKey({ role });
      expect((await gateway().managementClient.rest('/restart', { key, method: 'POST' })).status).toBe(403);
    });
  });
});

describe('gatehouse restart, under a supervisor', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let running: GatewayProcess;
  beforeAll(async () => {
    database = await databases[0]!.create();
    env = {
      ...database.env,
      GATEHOUSE_API_KEY: ADMIN_KEY,
      SUPERVISED: 'true',
      PORT: String(await freePort()),
      MANAGEMENT_PORT: String(await freePort()),
    };
    running = await GatewayProcess.start(env);
  }, 120_000);
  afterAll(async () => {
    await running.stop();
    await database.remove();
  });

  it('ends the process well, waits until it is back, and is on record', async () => {
    const url = { GATEHOUSE_MANAGEMENT_URL: running.managementUrl, GATEHOUSE_API_KEY: ADMIN_KEY };
    const follower = follow(running.managementUrl, '--event', 'not_found');
    await running.client.rest('/before');
    await expect.poll(follower.targets).toEqual(['GET /before']);
    const restarted = gatehouse(['restart', '--json'], { env: url });
    await expect.poll(() => running.end).toBe(75);
    await expect.poll(follower.said).toContain('It is asked again every second.');
    running = await GatewayProcess.start(env);
    const { out, ...ended } = await restarted;
    expect(ended).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ restarted: true });
    // Whoever follows the trail goes on.
    await running.client.rest('/after');
    await expect.poll(follower.targets).toEqual(['GET /before', 'GET /after']);
    expect(await follower.stop()).toBe(0);

    const records = auditRecords(database.env['DATA_DIR']!).filter(
      ({ event }) => event === 'gateway_restart',
    );
    expect(records).toEqual([expect.objectContaining({ result: 'allowed', operation: 'gateway.restart' })]);
    const verified = await gatehouse(['audit', 'verify', '--json', '--data-dir', database.env['DATA_DIR']!]);
    const { valid, chains } = JSON.parse(verified.out) as { valid: boolean; chains: { state: string }[] };
    expect({ valid, first: chains[0]?.state }).toEqual({ valid: true, first: 'closed' });
  });
});
