import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { ConformanceModule } from './conformance/fixture/conformance.module.ts';
import { journalOf } from './support/audit-records.ts';
import type { Answer } from './support/gateway-client.ts';
import { useGateway } from './support/gateway.ts';

const gateway = useGateway(databases[0]!, {
  features: [ConformanceModule],
  env: { MAX_CONCURRENT_SESSIONS: '2' },
});
const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

async function connected(mode: 'auto' | 'legacy', key: string): Promise<Client> {
  const options = { capabilities: { elicitation: {}, sampling: {} }, versionNegotiation: { mode } };
  const client = new Client({ name: 'test', version: '1' }, options);
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { name: 'Ann', ok: true },
  }));
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', gateway().client.url), { requestInit }),
  );
  open.push(client);
  return client;
}

const modes = [
  ['2026-07-28', 'auto'],
  ['2025-11-25', 'legacy'],
] as const;

describe.each(modes)('a client of %s', (_, mode) => {
  it('hears how far its call is', async () => {
    const client = await connected(mode, await gateway().createKey());
    const heard: number[] = [];
    await client.callTool(
      { name: 'test_tool_with_progress', arguments: {} },
      { onprogress: ({ progress }) => heard.push(progress) },
    );
    expect(heard).toEqual([0, 50, 100]);
  });

  it('is asked, and answered with what it said', async () => {
    const client = await connected(mode, await gateway().createKey());
    const result = await client.callTool({ name: 'test_input_required_result_elicitation', arguments: {} });
    expect(result.content).toEqual([{ type: 'text', text: 'Hello, Ann!' }]);
  });
});

interface Sent {
  key: string;
  session?: string | undefined;
  method?: string;
  accept?: string;
}

function send(
  message: object | undefined,
  { key, session, method = 'POST', accept }: Sent,
): Promise<Response> {
  return fetch(new URL('/mcp', gateway().client.url), {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept: accept ?? 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      ...(message && { 'content-type': 'application/json' }),
      ...(session && { 'mcp-session-id': session }),
    },
    ...(message && { body: JSON.stringify({ jsonrpc: '2.0', ...message }) }),
  });
}

async function openSession(key: string): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const response = await send({ id: 1, method: 'initialize', params }, { key });
  expect(response.status).toBe(200);
  return response.headers.get('mcp-session-id')!;
}

const LIST = { id: 2, method: 'tools/list' };

describe('a session', () => {
  it('is there for the one who opened it, and for nobody else', async () => {
    const [key, other] = [await gateway().createKey(), await gateway().createKey()];
    const session = await openSession(key);
    expect(session).toMatch(/^[\x21-\x7E]{32,}$/);
    expect((await send(LIST, { key, session })).status).toBe(200);
    for (const who of [
      { key: other, session },
      { key, session: 'no-such-session' },
    ]) {
      const response = await send(LIST, who);
      expect([
        response.status,
        ((await response.json()) as { error: { data: { code: string } } }).error.data.code,
      ]).toEqual([404, 'SESSION_NOT_FOUND']);
      expect((await send(undefined, { ...who, method: 'DELETE' })).status).toBe(404);
      expect((await send(undefined, { ...who, method: 'GET' })).status).toBe(404);
    }
    expect((await send(LIST, { key, session })).status).toBe(200);
  });

  it('is over when its client ends it', async () => {
    const key = await gateway().createKey();
    const session = await openSession(key);
    expect((await send(undefined, { key, session, method: 'DELETE' })).status).toBe(202);
    expect((await send(LIST, { key, session })).status).toBe(404);
  });

  it('ends when its client opens more than it may', async () => {
    const key = await gateway().createKey();
    const sessions = [await openSession(key), await openSession(key), await openSession(key)];
    const statuses = await Promise.all(
      sessions.map(async (session) => (await send(LIST, { key, session })).status),
    );
    expect(statuses).toEqual([404, 200, 200]);
  });

  it('takes no answer to what it has not asked', async () => {
    const key = await gateway().createKey();
    const session = await openSession(key);
    expect((await send({ id: 'ask-1', result: {} }, { key, session })).status).toBe(400);
  });

  it('needs a credential like anything else', async () => {
    const session = await openSession(await gateway().createKey());
    expect((await send(LIST, { key: 'wrong', session })).status).toBe(401);
  });

  it('lets its client cancel what it has asked for', async () => {
    const key = await gateway().createKey();
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: {} },
      clientInfo: { name: 't', version: '1' },
    };
    const opened = await send({ id: 1, method: 'initialize', params }, { key });
    const session = opened.headers.get('mcp-session-id')!;
    const call = {
      id: 5,
      method: 'tools/call',
      params: { name: 'test_elicitation', arguments: { message: 'Who?' } },
    };
    const answering = await send(call, { key, session });
    await send({ method: 'notifications/cancelled', params: { requestId: 5 } }, { key, session });
    const text = await answering.text();
    expect(text).toContain('elicitation/create');
    expect(text).toContain('CANCELLED');
  });
});

/** A tool call of a client of 2026-07-28 that can be asked. */
function askingCall(key: string, params: Record<string, unknown>): Promise<Answer> {
  const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
  return gateway().client.rpc('tools/call', { ...params, _meta: meta }, { key });
}

describe('what the server asks of a client', () => {
  it('leaves a record of its own', async () => {
    const client = await connected('legacy', await gateway().createKey());
    await client.callTool({ name: 'test_input_required_result_elicitation', arguments: {} });
    const { gateway: running, dataDir } = gateway();
    const records = await journalOf(running.app.get(Database), dataDir);
    const asked = records.findLast(({ event }) => event === 'client_asked');
    expect(asked).toMatchObject({ operation: 'mcp.ask', target: 'elicitation/create', result: 'allowed' });
    expect(records.map(({ correlation_id }) => correlation_id)).toContain(
      (asked!['notes'] as { asked_by: string }).asked_by,
    );
  });

  it('is refused, and recorded HIGH, when its state was tampered with', async () => {
    const key = await gateway().createKey();
    const name = 'test_input_required_result_tampered_state';
    const first = await askingCall(key, { name, arguments: {} });
    const { requestState } = (first.body as { result: { requestState: string } }).result;
    const params = { name, arguments: {}, requestState, inputResponses: { confirm: { action: 'decline' } } };
    const told = await askingCall(key, params);
    expect(told.body).toMatchObject({ result: { resultType: 'complete' } });
    const stranger = await gateway().createKey();
    for (const [one, state] of [
      [key, `${requestState}x`],
      [stranger, requestState],
    ] as const) {
      const again = await askingCall(one, { ...params, requestState: state });
      expect(again.body).toMatchObject({ error: { code: -32602, data: { code: 'STATE_REFUSED' } } });
      expect(await gateway().recordOf(again)).toMatchObject({ severity: 'HIGH', code: 'STATE_REFUSED' });
    }
  });
});
