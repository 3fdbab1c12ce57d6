import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerConnections } from './connections.command.ts';
import { registerHealth } from './health.command.ts';
import { registerSecurityAudit } from './security-audit.command.ts';
import { runCommand } from './testing/run-command.ts';

const ESCAPE = '\u001b[31m';
const connection = {
  id: '0123456789ab-0123456789ab',
  door: 'ws',
  address: '192.0.2.7',
  principal: { id: 'p-1', name: `agent${ESCAPE}`, role: 'service' },
  since: '2026-07-28T03:00:00.000Z',
  last_active: '2026-07-28T05:00:00.000Z',
  calls: 7,
  doing: ['rag_ask'],
};
const up = { status: 'up' };
const unavailable = {
  error: 'A part of Gatehouse is down',
  code: 'UNAVAILABLE',
  details: { status: 'error', details: { database: { status: 'down', engine: 'pglite' }, audit: up } },
};

/** What the gateway answers, by method and path. */
let answers: Record<string, [status: number, body: unknown]>;
const asked: string[] = [];

const gatehouse = (...args: string[]) =>
  runCommand(
    (program) => {
      for (const register of [registerConnections, registerHealth, registerSecurityAudit]) register(program);
    },
    ...args,
  );

describe('the commands of operators', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer(({ method, url = '' }, response) => {
      const name = `${method} ${url.split('?', 1)[0]}`;
      asked.push(`${method} ${url}`);
      const [status, body] = answers[name] ?? [404, { error: 'There is no such route' }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    vi.stubEnv('GATEHOUSE_MANAGEMENT_URL', `http://127.0.0.1:${port}`);
    vi.stubEnv('GATEHOUSE_API_KEY', 'a-key-for-this-spec-0123456789-abcdef');
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
  });
  beforeEach(() => {
    asked.splice(0);
    answers = {
      'GET /health': [200, { status: 'ok', cache: up }],
      'GET /health/details': [200, { status: 'ok', details: { database: up, audit: up } }],
      'GET /admin/connections': [200, { connections: [connection], total: 1, skip: 0, limit: 1000 }],
      [`DELETE /admin/connections/${connection.id}`]: [200, { closed: connection }],
    };
  });

  describe('gatehouse health', () => {
    it.each<[string, number, Record<string, [number, unknown]>]>([
      ['healthy', 0, {}],
      ['healthy', 0, { 'GET /health': [200, { status: 'ok', cache: { status: 'memory' } }] }],
      ['healthy', 0, { 'GET /health': [200, { status: 'ok', cache: { status: 'disabled' } }] }],
      ['degraded', 1, { 'GET /health': [200, { status: 'ok', cache: { status: 'down' } }] }],
      ['degraded', 1, { 'GET /health/details': [200, { details: { secrets: { status: 'overdue' } } }] }],
      ['down', 2, { 'GET /health/details': [503, unavailable] }],
      ['down', 2, { 'GET /health': [500, { error: 'Something went wrong' }] }],
      ['down', 2, { 'GET /health/details': [404, { error: 'There is no such route' }] }],
    ])('calls it %s with %i', async (status, code, changes) => {
      Object.assign(answers, changes);
      const [text, json] = [await gatehouse('health'), await gatehouse('health', '--json')];
      expect([text.code, json.code]).toEqual([code, code]);
      expect(text.stdout.split('\n', 1)[0]).toBe(status);
      expect(JSON.parse(json.stdout)).toMatchObject({ status });
    });

    it('says which part is down', async () => {
      answers['GET /health/details'] = [503, unavailable];
      expect((await gatehouse('health')).stdout).toBe(
        'down\n  database     down     engine=pglite\n  audit        up\n  cache        up\n',
      );
    });

    it('says why where the gateway can not even say which', async () => {
      answers['GET /health/details'] = [
        503,
        { error: 'The record could not be made safe', code: 'UNAVAILABLE' },
      ];
      const [text, json] = [await gatehouse('health'), await gatehouse('health', '--json')];
      expect(text).toMatchObject({
        code: 2,
        stdout: 'down\n  cache        up\n  The record could not be made safe\n',
      });
      expect(JSON.parse(json.stdout)).toMatchObject({
        status: 'down',
        reason: 'The record could not be made safe',
      });
    });

    it.each([401, 403])('exits with 4 where the key is refused with %i', async (status) => {
      answers['GET /health/details'] = [status, { error: 'Invalid API key' }];
      expect(await gatehouse('health')).toEqual({ code: 4, stdout: '', stderr: 'Invalid API key\n' });
    });
  });

  describe('gatehouse connections', () => {
    it.each([[['connections']], [['connections', 'list']]])('%j lists them, for people', async (args) => {
      const { stdout } = await gatehouse(...args);
      expect(stdout).toMatch(/^ID +DOOR +PRINCIPAL +ADDRESS +SINCE +LAST ACTIVE +CALLS +DOING\n/);
      expect(stdout).toContain('2026-07-28 03:00:00  2026-07-28 05:00:00  7      rag_ask\n');
      expect(stdout).not.toContain(ESCAPE);
    });

    it('lists them for scripts, and closes one', async () => {
      expect(JSON.parse((await gatehouse('connections', 'list', '--json')).stdout)).toEqual([connection]);
      const { code, stdout } = await gatehouse('connections', 'close', connection.id);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `Closed: ${connection.id}\n` });
      expect(asked.at(-1)).toBe(`DELETE /admin/connections/${connection.id}`);
    });

    it.each(['nope', '../keys'])('sends no %s, which is no id, and says what one looks like', async (id) => {
      expect(await gatehouse('connections', 'close', id)).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'That is no id of a connection, which looks like 0123456789ab-0123456789ab: ' +
          '"gatehouse connections list" has them all\n',
      });
      expect(asked).toEqual([]);
    });
  });

  it('say so to people where there is no such event, for a mistyped name would look the same', async () => {
    answers['GET /audit/recent'] = [200, { events: [], next_cursor: null, complete: true }];
    expect(await gatehouse('security-audit', '--event', 'invalid_aut')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'There is no such event: --since goes further back, --all shows everyday ones, too\n',
    });
    expect(await gatehouse('security-audit', '--json')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('show no event as a command to the terminal', async () => {
    const event = { chain: 'c', seq: 1, event: 'call', severity: 'HIGH', target: `GET /${ESCAPE}\u202e` };
    answers['GET /audit/recent'] = [200, { events: [event], next_cursor: null, complete: true }];
    const { stdout } = await gatehouse('security-audit');
    expect(stdout).toContain('GET /');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\u202e');
  });
});
