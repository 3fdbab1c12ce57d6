import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { IsString } from 'class-validator';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callOf, CallRecorder, Settlement, type Call, type Outcome } from '#call';
import { ConfigModule, readConfig } from '#config';
import { AccessRefused, CredentialMissing, GatehouseError } from '#errors';
import { Dispatcher, McpModule, Prompt, Resource, Tool } from '#mcp';
import { throttleConfig } from '#throttle';
import { ValidationGuard, ValidationModule } from '#validation';
import { registerHttpDoor } from '../http-server/http-door.ts';
import { CorsHeaders } from '../http-server/cors-headers.ts';
import { OriginPolicy } from '../http-server/origin-policy.ts';
import { ProtectedResourceMetadata } from '../http-server/protected-resource.ts';
import { registerStreamableHttp } from './index.ts';

class EchoInput {
  @IsString()
  text!: string;
}
class RoomInput {
  @IsString()
  id!: string;
}
class EchoOutput {
  @IsString()
  text!: string;
}

const waiting: { call: Call; release: () => void }[] = [];

@Injectable()
class Offers {
  @Tool({ name: 'echo', description: 'Says it again.', input: EchoInput, output: EchoOutput })
  echo({ text }: EchoInput): EchoOutput {
    return { text };
  }

  @Tool({ name: 'wait', description: 'Waits.' })
  wait(_input: object, call: Call): Promise<string> {
    return new Promise((resolve) => waiting.push({ call, release: () => resolve('done') }));
  }

  @Tool({ name: 'tell', description: 'Says something, then answers.' })
  tell(_input: object, { peer }: Call): string {
    peer.progress({ progress: 1, message: 'on its way' });
    return 'told';
  }

  @Tool({ name: 'chatter', description: 'Says more than anybody reads.' })
  chatter(_input: object, { peer }: Call): string {
    for (let progress = 1; progress <= 2; progress++)
      peer.progress({ progress, message: 'x'.repeat(700_000) });
    return 'done';
  }

  @Tool({ name: 'erase', description: 'Erases.', permission: 'conversations:delete' })
  erase(): string {
    return 'gone';
  }

  @Resource({
    uriTemplate: 'house://rooms/{id}',
    name: 'room',
    description: 'A room.',
    mimeType: 'text/plain',
    permission: 'mcp:use',
    input: RoomInput,
  })
  room({ id }: RoomInput): string {
    return `room ${id}`;
  }

  @Prompt({ name: 'greet', description: 'Greets.', permission: 'mcp:use', input: EchoInput })
  greet({ text }: EchoInput): string {
    return `Greet ${text}`;
  }
}

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const call = callOf(context);
    const { operation } = call;
    // Somebody whose role lacks what every method needs.
    if (call.authorization === 'Bearer narrow')
      throw new AccessRefused({ operation: operation!.name, missing: operation!.permission! });
    if (call.authorization !== 'Bearer good') throw new CredentialMissing();
    if (call.operation?.permission === 'conversations:delete') {
      throw new GatehouseError('ACCESS_REFUSED', 'Not allowed');
    }
    call.principal = { id: 'p', name: 'p', role: 'employee', tier: undefined, keyId: 'k' };
    return true;
  }
}

@Module({
  imports: [ConfigModule.forRoot({}), McpModule, ValidationModule],
  providers: [
    Offers,
    { provide: APP_GUARD, useClass: KeyGuard },
    { provide: APP_GUARD, useClass: ValidationGuard },
  ],
})
class App {}

const outcomes: Outcome[] = [];
/** A tool whose calls can't be recorded. */
let unrecordable: string | undefined;
class Outcomes extends CallRecorder {
  record({ target }: Call, outcome: Outcome): void {
    if (target === unrecordable) throw new GatehouseError('UNAVAILABLE', 'No place for a record');
    outcomes.push(outcome);
  }
}

let app: NestFastifyApplication;
let url: URL;
beforeAll(async () => {
  const adapter = new FastifyAdapter({ forceCloseConnections: true });
  app = await NestFactory.create<NestFastifyApplication>(App, adapter, { bodyParser: false, logger: false });
  const fastify: FastifyInstance = adapter.getInstance();
  const settlement = new Settlement([new Outcomes()]);
  registerHttpDoor(fastify, {
    settlement,
    blocks: { find: () => undefined, refusalOf: () => undefined, absorbs: () => false },
    origins: new OriginPolicy({ allowed: [], host: '127.0.0.1' }),
    limits: readConfig(throttleConfig, {}),
    metadata: new ProtectedResourceMetadata('http://gate.example'),
    cors: new CorsHeaders([]),
    headers: {},
    timeoutMs: 500,
    isManagement: () => false,
  });
  registerStreamableHttp(fastify, app.get(Dispatcher), { maxRequestBytes: 1_048_576, settlement });
  await app.listen(0, '127.0.0.1');
  url = new URL(`http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/mcp`);
});
afterAll(() => app.close());
beforeEach(() => {
  outcomes.length = 0;
  unrecordable = undefined;
});

const requestInit = { headers: { authorization: 'Bearer good' } };
const clients = {
  'the client of v2, by discovery': async () => {
    const client = new Client({ name: 't', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    expect(client.getProtocolEra()).toBe('modern');
    return client;
  },
  'the client of v2, by handshake': async () => {
    const client = new Client({ name: 't', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    expect(client.getProtocolEra()).toBe('legacy');
    return client;
  },
  'the client of v1': async () => {
    const client = new OldClient({ name: 't', version: '1' });
    await client.connect(new OldTransport(url, { requestInit }));
    return client;
  },
};

describe.each(Object.entries(clients))('%s', (_, connected) => {
  let client: Client | OldClient;
  beforeAll(async () => {
    client = await connected();
  });
  afterAll(() => client.close());

  it('learns who the server is and what it has', () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'gatehouse' });
    expect(client.getServerCapabilities()).toMatchObject({ tools: {}, resources: {}, prompts: {} });
    expect(client.getInstructions()).toContain('audited');
  });

  it('lists and calls tools', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['chatter', 'echo', 'tell', 'wait']);
    const result = await client.callTool({ name: 'echo', arguments: { text: 'grüß dich' } });
    expect(result.structuredContent).toEqual({ text: 'grüß dich' });
    expect(result.content).toEqual([{ type: 'text', text: '{"text":"grüß dich"}' }]);
  });

  it('is told of an input that does not fit', async () => {
    const result = await client.callTool({ name: 'echo', arguments: { text: 7 } });
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result.content)).toContain('/text');
  });

  it('is told of a tool that there is not', async () => {
    await expect(client.callTool({ name: 'nope', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });

  it('is refused a tool that it may not use', async () => {
    await expect(client.callTool({ name: 'erase', arguments: {} })).rejects.toThrow(
      /Not allowed|Insufficient scope/,
    );
    expect(outcomes).toContainEqual(expect.objectContaining({ code: 'ACCESS_REFUSED', status: 403 }));
  });

  it('reads resources and gets prompts', async () => {
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toMatchObject([{ uriTemplate: 'house://rooms/{id}' }]);
    const { contents } = await client.readResource({ uri: 'house://rooms/%C3%BC' });
    expect(contents).toEqual([{ uri: 'house://rooms/%C3%BC', mimeType: 'text/plain', text: 'room ü' }]);
    const { prompts } = await client.listPrompts();
    expect(prompts).toMatchObject([{ name: 'greet', arguments: [{ name: 'text', required: true }] }]);
    const { messages } = await client.getPrompt({ name: 'greet', arguments: { text: 'Ann' } });
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Greet Ann' } }]);
  });
});

describe('a post', () => {
  it('is answered as JSON', async () => {
    const response = await post(toolCall('echo', { text: 'a' }));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toMatchObject({
      jsonrpc: '2.0',
      id: 1,
      result: { structuredContent: { text: 'a' } },
    });
    expect(outcomes).toMatchObject([{ result: 'allowed', status: 200 }]);
  });

  it('of a notification is accepted in silence', async () => {
    const response = await post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    expect([response.status, await response.text()]).toEqual([202, '']);
  });

  it('without a credential learns where one goes', async () => {
    const response = await post(toolCall('echo'), { authorization: '' });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="gatehouse", scope="mcp:use", ' +
        'resource_metadata="http://gate.example/.well-known/oauth-protected-resource/mcp"',
    ]);
    expect(await response.json()).toMatchObject({
      id: 1,
      error: { code: -31001, data: { code: 'CREDENTIAL_MISSING' } },
    });
    expect(outcomes).toMatchObject([{ code: 'CREDENTIAL_MISSING', status: 401 }]);
  });

  it('of a method that its sender may not call is told all that it needs', async () => {
    const listing = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const response = await post(JSON.stringify(listing), { authorization: 'Bearer narrow' });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer realm="gatehouse", error="insufficient_scope", scope="mcp:use", ' +
        'resource_metadata="http://gate.example/.well-known/oauth-protected-resource/mcp"',
    ]);
  });

  const deep = '['.repeat(10_000) + ']'.repeat(10_000);
  it.each([
    ['nothing', '', 400, [-32700]],
    ['no JSON', '{"jsonrpc":"2.0",', 400, [-32700]],
    ['a body cut in the middle', toolCall('echo').slice(0, 40), 400, [-32700]],
    ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, [-32700, -32602]],
    ['10,000-deep nesting', deep, 400, [-32700, -32602]],
    [
      'nesting in its arguments',
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${deep}}}`,
      400,
      [-32602],
    ],
    [
      'a dangerous key',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"a":1}}}',
      400,
      [-32602],
    ],
    [
      'a lone surrogate',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\ud800"}}',
      400,
      [-32700, -32602],
    ],
    ['a batch', `[${toolCall('echo')}]`, 400, [-32600]],
    ['two megabytes', toolCall('echo', { text: 'a'.repeat(2_000_000) }), 413, [-31013]],
  ])('with %s is refused in the words of the protocol', async (_, body, status, codes) => {
    const response = await post(body);
    const answer = (await response.json()) as { error: { code: number; data: object } };
    expect(response.status).toBe(status);
    expect(answer).toMatchObject({ jsonrpc: '2.0', error: { data: { correlation_id: expect.any(String) } } });
    expect(codes).toContain(answer.error.code);
    expect(outcomes).toMatchObject([{ result: 'refused', status }]);
  });

  it('is refused unread to a stranger, however malformed', async () => {
    expect((await post('{', { authorization: '' })).status).toBe(401);
  });

  it.each([
    ['another type', { 'content-type': 'text/plain' }, 415],
    ['no use for event streams', { accept: 'application/json' }, 406],
    ['no use for JSON', { accept: 'text/event-stream' }, 406],
  ])('with %s is refused', async (_, headers, status) => {
    const response = await post(toolCall('echo', { text: 'a' }), headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      jsonrpc: '2.0',
      error: { data: { correlation_id: expect.any(String) } },
    });
    expect(outcomes).toMatchObject([{ result: 'refused', status }]);
  });

  it.each(['*/*', 'application/json, text/event-stream', 'text/event-stream;q=0.5, APPLICATION/JSON'])(
    'that accepts %s is served',
    async (accept) => {
      expect((await post(toolCall('echo', { text: 'a' }), { accept })).status).toBe(200);
    },
  );

  it('from a page of a stranger is refused', async () => {
    const response = await post(toolCall('echo', { text: 'a' }), { origin: 'https://evil.example.com' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      jsonrpc: '2.0',
      error: { data: { code: 'ORIGIN_REFUSED' } },
    });
  });

  it.each(['GET', 'DELETE'])('is the only way: %s is not allowed', async (method) => {
    const response = await fetch(url, { method, headers: { authorization: 'Bearer good' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await response.json()).toMatchObject({ error: { data: { code: 'METHOD_NOT_ALLOWED' } } });
  });

  it('may have white space around the headers that repeat it, and their names in any case', async () => {
    const meta =
      '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a"},${meta}}}`;
    const answer = await raw([
      'POST /mcp HTTP/1.1',
      'Host: localhost',
      'Authorization: Bearer good',
      'Content-Type: application/json',
      'MCP-PROTOCOL-VERSION:   2026-07-28  ',
      'mcp-method: \t tools/call \t ',
      'Mcp-Name:   echo  ',
      `Content-Length: ${body.length}`,
      'Connection: close',
      '',
      body,
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is given up when its time is over', async () => {
    const response = await post(toolCall('wait'));
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -31504 } });
    const { call, release } = waiting.pop()!;
    expect(call.signal.reason).toMatchObject({ code: 'TIMED_OUT' });
    release();
    await sleep(20);
    expect(outcomes).toMatchObject([{ result: 'failed', code: 'TIMED_OUT', status: 504 }]);
  });

  it('ends its connection when too much is said before the first byte leaves', async () => {
    await expect(post(spokenCall('chatter')).then((response) => response.text())).rejects.toThrow(
      'fetch failed',
    );
  });

  it('is not there to come back for when its record is not', async () => {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    const opened = await post(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! };
    unrecordable = 'tell';
    expect((await post(spokenCall('tell'), session)).status).toBe(503);
    unrecordable = undefined;
    expect((await post(spokenCall('tell'), session)).status).toBe(200);
    expect(await resumed({ ...session, 'last-event-id': '1_0' })).not.toContain('told');
    expect(await resumed({ ...session, 'last-event-id': '2_0' })).toContain('told');
  });

  it('cancels its call when the client goes away', async () => {
    const abort = new AbortController();
    const gone = fetch(url, {
      method: 'POST',
      body: toolCall('wait'),
      signal: abort.signal,
      headers: { authorization: 'Bearer good', 'content-type': 'application/json' },
    }).catch(() => undefined);
    while (waiting.length === 0) await sleep(5);
    abort.abort();
    await gone;
    const { call: left, release } = waiting.pop()!;
    while (!left.signal.aborted) await sleep(5);
    expect(left.signal.reason).toMatchObject({ code: 'CANCELLED' });
    release();
  });
});

function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const given = { authorization: 'Bearer good', 'content-type': 'application/json', ...headers };
  return fetch(url, { method: 'POST', body, headers: given });
}

function toolCall(name: string, args: object = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
}

/** The client wants to hear how far it is. */
function spokenCall(name: string): string {
  const params = { name, arguments: {}, _meta: { progressToken: 1 } };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
}

/** What the stream of a session says at first. */
async function resumed(headers: Record<string, string>): Promise<string> {
  const response = await fetch(url, { headers: { authorization: 'Bearer good', ...headers } });
  const reader = response.body!.getReader();
  let said = '';
  const decoder = new TextDecoder();
  while (!said.includes('id: ')) said += decoder.decode((await reader.read()).value);
  await reader.cancel();
  return said;
}

function raw(lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(url.port), url.hostname, () => socket.write(lines.join('\r\n')));
    socket.on('data', (bytes) => (answer += String(bytes)));
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}
