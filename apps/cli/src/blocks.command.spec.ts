import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerBlocks } from './blocks.command.ts';
import { runCommand } from './testing/run-command.ts';

const block = {
  address: '2001:db8::/64',
  principal: null,
  kind: 'authentication',
  strikes: 2,
  since: '2026-07-28T03:00:00.000Z',
  until: '2026-07-28T05:00:00.000Z',
  spares_good_keys: true,
  by: null,
};
const asked: { method: string; url: string; body: unknown }[] = [];

const gatehouse = (...args: string[]) => runCommand(registerBlocks, 'blocks', ...args);

describe('gatehouse blocks', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      void (async () => {
        const { method = '', url = '' } = request;
        asked.push({ method, url, body: method === 'POST' ? await json(request) : undefined });
        const answers: Record<string, unknown> = {
          GET: { blocks: [block], total: 1, skip: 0, limit: 1000 },
          POST: block,
          DELETE: { lifted: [block, { ...block, principal: 'p-1' }] },
        };
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[method]));
      })();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('GATEHOUSE_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv('GATEHOUSE_API_KEY', 'a-key-for-this-spec-0123456789-abcdef');
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
  });
  afterEach(() => void asked.splice(0));

  it('lists them, for people and for scripts', async () => {
    const { stdout } = await gatehouse('list');
    expect(stdout).toMatch(/^ADDRESS +PRINCIPAL +KIND +TIME +SINCE +UNTIL +GOOD KEYS\n/);
    expect(stdout).toMatch(/2001:db8::\/64 +all +authentication +2 .* 2026-07-28 05:00:00 +pass\n/);
    expect(JSON.parse((await gatehouse('list', '--json')).stdout)).toEqual([block]);
  });

  it('adds and removes them', async () => {
    const added = await gatehouse('add', '2001:db8::1', '--seconds', '60');
    expect(added.stdout).toBe('Blocked: 2001:db8::/64 until 2026-07-28 05:00:00\n');
    const removed = await gatehouse('remove', '2001:db8::/64');
    expect(removed.stdout).toBe('Lifted: 2001:db8::/64\nLifted: p-1 at 2001:db8::/64\n');
    expect(asked).toEqual([
      { method: 'POST', url: '/admin/blocks', body: { address: '2001:db8::1', duration_seconds: 60 } },
      { method: 'DELETE', url: '/admin/blocks/2001%3Adb8%3A%3A%2F64', body: undefined },
    ]);
  });

  it.each([
    [['add'], "missing required argument 'address'"],
    [['add', '192.0.2.1', '--seconds', 'soon'], 'It must be a whole number from 1 to 31536000'],
  ])('refuses the command line %j', async (args, why) => {
    const { code, stderr } = await gatehouse(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(why);
    expect(asked).toEqual([]);
  });
});
