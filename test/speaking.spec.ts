import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { ConformanceModule } from './conformance/fixture/conformance.module.ts';
import { journalOf } from './support/audit-records.ts';
import type { Answer } from './support/gateway-client.ts';
import { useGateway } from './support/gateway.ts';
import { openSocket, SocketTransport } from './support/socket-transport.ts';

const gateway = useGateway(databases[0]!, { features: [ConformanceModule] });
const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

const doors = ['mcp', 'ws', 'tcp'] as const;

function transportTo(door: (typeof doors)[number], key: string): Transport {
  if (door !== 'mcp') return new SocketTransport(() => openSocket(gateway(), door, key));
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  return new StreamableHTTPClientTransport(new URL('/mcp', gateway().client.url), { requestInit });
}

async function connected(
  mode: 'auto' | 'legacy',
  key: string,
  door: (typeof doors)[number] = 'mcp',
): Promise<Client> {
  const options = { capabilities: { elicitation: {}, sampling: {} }, versionNegotiation: { mode } };
  const client = new Client({ name: 'test', version: '1' }, options);
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { name: 'Ann', ok: true },
  }));
  await client.connect(transportTo(door, key));
  open.push(client);
  return client;
}

const modes = [
  ['2026-07-28', 'auto'],
  ['2025-11-25', 'legacy'],
] as const;

describe.each(modes)('a client of %s', (_, mode) => {
  it.each(doors)('hears how far its call is: %s', async (door) => {
    const client = await connected(mode, await gateway().createKey(), door);
    const heard: number[] = [];
    await client.callTool(
      { name: 'test_tool_with_progress', arguments: {} },
      { onprogress: ({ progress }) => heard.push(progress) },
    );
    expect(heard).toEqual([0, 50, 100]);
  });

  it.each(doors)('is asked, and answered with what it said: %s', async (door) => {
    const client = await connected(mode, await gateway().createKey(), door);
    const result = await client.callTool({ name: 'test_input_required_result_elicitation', arguments: {} });
    expect(result.content).toEqual([{ type: 'text', text: 'Hello, Ann!' }]);
  });
});

/** A tool call of a client of 2026-07-28 that can be asked. */
function askingCall(key: string, params: Record<string, unknown>): Promise<Answer> {
  const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
  return gateway().client.rpc('tools/call', { ...params, _meta: meta }, { key });
}

describe('what the server asks of a client', () => {
  it.each(doors)('leaves a record of its own: %s', async (door) => {
    const client = await connected('legacy', await gateway().createKey(), door);
    await client.callTool({ name: 'test_input_required_result_elicitation', arguments: {} });
    const { gateway: running, dataDir } = gateway();
    const records = await journalOf(running.app.get(Database), dataDir);
    const asked = records.findLast(({ event }) => event === 'client_asked');
    expect(asked).toMatchObject({
      door,
      operation: 'mcp.ask',
      target: 'elicitation/create',
      result: 'allowed',
    });
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
