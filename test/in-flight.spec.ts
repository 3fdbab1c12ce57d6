import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '#testing';
import { startGateway, type Gateway } from '../apps/gateway/src/gateway.ts';
import { SlowModule, SlowTools } from './fixtures/slow.module.ts';
import { auditRecords, journalEntries } from './support/audit-records.ts';
import { codeOf } from './support/doors.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { GatewayClient, LEGACY, MODERN, type Answer } from './support/gateway-client.ts';
import { head, RawConnection } from './support/raw-connection.ts';
import { gatehouse } from './support/run.ts';

const TIMEOUT_MS = 800;
const FOR_EVER_MS = 60_000;
const AUTHORIZATION = { authorization: `Bearer ${ADMIN_KEY}` };

type Wait = { milliseconds: number; heeds?: boolean };
const ways: { name: string; wait: (client: GatewayClient, input: Wait) => Promise<Answer> }[] = [
  { name: 'REST', wait: (client, input) => client.rest('/wait', { body: input }) },
  ...[MODERN, LEGACY].map((revision) => ({
    name: `MCP ${revision}`,
    wait: (client: GatewayClient, input: Wait) => client.tool('wait', { ...input }, { revision }),
  })),
];

describe('a call that takes its time', () => {
  const gateway = useGateway(databases[0]!, {
    features: [SlowModule],
    env: { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) },
  });
  const calls = () => gateway().gateway.app.get(SlowTools).calls;

  it.each(ways)(
    'is over at REQUEST_TIMEOUT_MS, whether its handler heeds it or not: $name',
    async ({ wait }) => {
      const answers = await Promise.all(
        [true, false].map((heeds) => wait(gateway().client, { milliseconds: FOR_EVER_MS, heeds })),
      );
      for (const answer of answers) {
        expect({ status: answer.status, code: codeOf(answer) }).toEqual({ status: 504, code: 'TIMED_OUT' });
        expect(await gateway().recordOf(answer)).toMatchObject({
          code: 'TIMED_OUT',
          result: 'failed',
          operation: 'wait',
        });
      }
      for (const { signal } of calls().slice(-2))
        expect(signal).toMatchObject({ aborted: true, reason: { code: 'TIMED_OUT' } });
    },
  );

  it.each([
    ['REST', '/wait', JSON.stringify({ milliseconds: FOR_EVER_MS })],
    [
      'MCP',
      '/mcp',
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'wait', arguments: { milliseconds: FOR_EVER_MS } },
      }),
    ],
  ])('is cancelled when its client leaves: %s', async (_, path, body) => {
    const before = calls().length;
    const connection = await RawConnection.open(gateway().gateway.url);
    const headers = { ...AUTHORIZATION, 'content-type': 'application/json', 'content-length': body.length };
    connection.send(head(`POST ${path}`, headers) + body);
    await expect.poll(() => calls().length).toBe(before + 1);
    const call = calls().at(-1)!;
    expect(call.signal.aborted).toBe(false);

    connection.drop();
    await expect.poll(() => call.signal).toMatchObject({ aborted: true, reason: { code: 'CANCELLED' } });
    const record = () => auditRecords(gateway().dataDir).filter((one) => one.correlation_id === call.id);
    await expect
      .poll(record)
      .toMatchObject([{ code: 'CANCELLED', result: 'refused', operation: 'wait', severity: 'LOW' }]);
  });
});

describe('a gateway that ends', { timeout: 60_000 }, () => {
  it('finishes what runs, takes nothing new, and says goodbye in its journal', async () => {
    const { database, dataDir, gateway, client } = await start({});
    const running = Promise.all(ways.map(({ wait }) => wait(client, { milliseconds: 600 })));
    await expect.poll(() => gateway.app.get(SlowTools).calls.length).toBe(3);

    const closed = gateway.close();
    await sleep(100);
    await expect(client.rest('/health')).rejects.toThrow('fetch failed');
    expect((await running).map(({ status }) => status)).toEqual([200, 200, 200]);
    await closed;
    expect(journalEntries(dataDir).at(-1)).toMatchObject({ event: 'server_shutdown' });
    expect(auditRecords(dataDir).filter(({ operation }) => operation === 'wait')).toHaveLength(3);
    await database.remove();
  });

  it('says so at /ready, and on each connection, for SHUTDOWN_DELAY_MS before it takes nothing new', async () => {
    const { database, gateway, client } = await start({ SHUTDOWN_DELAY_MS: '700' });
    const before = await client.rest('/health');
    expect(before.headers.get('connection')).not.toBe('close');
    const started = performance.now();
    const closed = gateway.close();

    expect(await client.rest('/ready')).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    const served = await client.rest('/conversations');
    expect(served.status).toBe(200);
    expect(served.headers.get('connection')).toBe('close');
    expect((await client.rpc('tools/list')).headers.get('connection')).toBe('close');
    expect((await client.rest('/health')).status).toBe(200);

    await closed;
    expect(performance.now() - started).toBeGreaterThan(690);
    await expect(client.rest('/health')).rejects.toThrow('fetch failed');
    await database.remove();
  });

  it('waits no longer than REQUEST_TIMEOUT_MS, and records also those whose client has gone', async () => {
    const { database, dataDir, gateway } = await start({ REQUEST_TIMEOUT_MS: '3000' });
    const body = JSON.stringify({ milliseconds: FOR_EVER_MS, heeds: false });
    const request =
      head('POST /wait', {
        ...AUTHORIZATION,
        'content-type': 'application/json',
        'content-length': body.length,
      }) + body;
    const [gone, waiting] = [await RawConnection.open(gateway.url), await RawConnection.open(gateway.url)];
    gone.send(request);
    waiting.send(request);
    await expect.poll(() => gateway.app.get(SlowTools).calls.length).toBe(2);
    gone.drop();

    const started = performance.now();
    const [answer] = await Promise.all([waiting.answer(), gateway.close()]);
    expect(performance.now() - started).toBeLessThan(8_000);
    expect(answer).toMatchObject({ status: 504, body: { code: 'TIMED_OUT' } });
    const codes = auditRecords(dataDir).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['CANCELLED', 'TIMED_OUT']));
    expect(codes).toHaveLength(2);
    expect(journalEntries(dataDir).at(-1)).toMatchObject({ event: 'server_shutdown' });
    await database.remove();
  });

  it('as a process ends with 0 at SIGTERM, once the call in flight is answered', async () => {
    const database = await databases[0]!.create();
    const gateway = await GatewayProcess.start({
      ...database.env,
      GATEHOUSE_API_KEY: ADMIN_KEY,
      LOG_LEVEL: 'debug',
    });
    const { url } = gateway.client;
    await gateway.client.rest('/conversations');
    const refused = await gateway.client.rest(`/search?api_key=${ADMIN_KEY}`, {
      key: `${ADMIN_KEY}x`,
      body: { query: ADMIN_KEY },
    });

    const body = '{"conversation_id":"c-1","content":"in flight"}';
    const flying = await RawConnection.open(url);
    flying.send(
      head('POST /conversations/ingest', {
        ...AUTHORIZATION,
        'content-type': 'application/json',
        'content-length': body.length,
      }),
    );
    flying.send(body.slice(0, 20));
    await sleep(200);
    const ended = gateway.stop('SIGTERM');
    await expect
      .poll(() =>
        RawConnection.open(url).then(
          () => 'open',
          () => 'refused',
        ),
      )
      .toBe('refused');
    expect(await flying.send(body.slice(20)).answer()).toMatchObject({
      status: 201,
      body: { success: true },
    });
    expect(await ended).toBe(0);

    const dataDir = database.env['DATA_DIR']!;
    expect(journalEntries(dataDir).at(-1)).toMatchObject({ event: 'server_shutdown' });
    expect(auditRecords(dataDir).at(-1)).toMatchObject({ event: 'conversation_ingested', status: 201 });
    expect(await gatehouse(['audit', 'verify'], { env: database.env })).toMatchObject({ code: 0 });
    expectLog(gateway.output, refused.headers.get('x-correlation-id')!);
    await database.remove();
  });
});

/** Each line is JSON, calls carry their id, and the key is in none of them. */
function expectLog(output: string, refusedId: string): void {
  const lines = output.split('\n').filter((line) => line !== '');
  const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const calls = logged.filter(({ context }) => context === 'call');
  expect(calls.length).toBeGreaterThan(2);
  for (const call of calls)
    expect(call).toMatchObject({ correlation_id: expect.any(String), ip: '127.0.0.1' });
  expect(calls.find(({ correlation_id }) => correlation_id === refusedId)).toMatchObject({
    code: 'CREDENTIAL_UNKNOWN',
    status: 403,
    level: 40,
    target: 'POST /search',
  });
  expect(output).not.toContain(ADMIN_KEY.slice(0, 20));
}

async function start(
  env: Record<string, string>,
): Promise<{ database: TestDatabase; dataDir: string; gateway: Gateway; client: GatewayClient }> {
  const database = await databases[0]!.create();
  const silent = {
    LOG_LEVEL: 'silent',
    GATEHOUSE_API_KEY: ADMIN_KEY,
    PORT: '0',
    MANAGEMENT_PORT: '0',
    WS_PORT: '0',
    TCP_PORT: '0',
  };
  const gateway = await startGateway({
    env: { ...silent, ...database.env, ...env },
    features: [SlowModule],
  });
  return {
    database,
    dataDir: database.env['DATA_DIR']!,
    gateway,
    client: new GatewayClient(gateway.url, ADMIN_KEY),
  };
}
