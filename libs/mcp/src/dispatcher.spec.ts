import { readFileSync } from 'node:fs';
import {
  Injectable,
  Module,
  type CanActivate,
  type ExecutionContext,
  type INestApplicationContext,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import * as official from '@modelcontextprotocol/client';
import { IsInt, IsString, Length, Max } from 'class-validator';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Call, callOf, type Role } from '#call';
import { CredentialMissing, CredentialUnknown, GatehouseError, NotFound } from '#errors';
import { MaskingInterceptor } from '#masking';
import { AuthoriseGuard } from '#rbac';
import { ValidationGuard, ValidationModule } from '#validation';
import { Dispatcher, McpModule, Prompt, Resource, resourceContents, Tool, toolResult } from './index.ts';
import { CLIENT_CAPABILITIES, PROTOCOL_VERSION, SERVER_INFO } from './wire/era.ts';
import { serverInfo } from './wire/server-info.ts';

class EchoInput {
  @IsString()
  @Length(1, 20)
  text!: string;
}
class RoomInput {
  @IsString()
  @Length(1, 10)
  id!: string;
}
class SeatInput {
  @IsInt()
  @Max(9)
  number!: number;
}

const visits: string[] = [];
const SECRET = 'sk-abcdefghijklmnopqrstuvwxyz0123456789';

@Injectable()
class Offers {
  @Tool({
    name: 'echo',
    description: 'Says it again.',
    input: EchoInput,
    annotations: { readOnlyHint: true },
  })
  echo({ text }: EchoInput, call: Call): unknown {
    visits.push('echo');
    return { text, by: call.principal?.id };
  }

  @Tool({ name: 'say', description: 'Says one word.' })
  say(): string {
    return 'word';
  }

  @Tool({ name: 'nothing', description: 'Says nothing.' })
  nothing(): void {}

  @Tool({ name: 'leak', description: 'Tells a secret.' })
  leak(): unknown {
    return toolResult({ content: [{ type: 'text', text: `key ${SECRET}` }] });
  }

  @Tool({ name: 'crash', description: 'Breaks.' })
  crash(): never {
    throw new Error('password=hunter2 at /srv/secret.ts');
  }

  @Tool({ name: 'miss', description: 'Finds nothing.' })
  miss(): never {
    throw new NotFound('There is no such conversation');
  }

  @Tool({ name: 'loop', description: 'Answers what is no JSON.' })
  loop(): unknown {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    return value;
  }

  @Tool({ name: 'erase', description: 'Erases.', permission: 'conversations:delete' })
  erase(): unknown {
    return {};
  }

  @Resource({
    uri: 'house://rules',
    name: 'rules',
    description: 'The rules.',
    mimeType: 'text/plain',
    public: true,
  })
  rules(): string {
    return 'No smoking.';
  }

  @Resource({
    uriTemplate: 'house://rooms/{id}',
    name: 'room',
    description: 'A room.',
    mimeType: 'application/json',
    permission: 'conversations:read',
    input: RoomInput,
  })
  room({ id }: RoomInput): unknown {
    visits.push('room');
    return { id };
  }

  @Resource({
    uriTemplate: 'house://seats/{number}',
    name: 'seat',
    description: 'A seat.',
    mimeType: 'image/png',
    permission: 'conversations:read',
    input: SeatInput,
  })
  seat({ number }: SeatInput): unknown {
    if (typeof number !== 'number') throw new Error('not a number');
    return resourceContents({ blob: 'AAAA' });
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
    visits.push(`guard ${call.operation?.name}`);
    if (call.operation?.public) return true;
    if (!call.authorization) throw new CredentialMissing();
    if (call.authorization === 'limited') {
      const details = {
        error: 'Rate limit exceeded',
        limit: 1,
        remaining: 0,
        reset: 1,
        retry_after: 1,
        global_limit_hit: false,
      };
      throw new GatehouseError('RATE_LIMITED', 'Rate limit exceeded', { details });
    }
    const role = /^as (\w+)$/.exec(call.authorization)?.[1];
    if (!role) throw new CredentialUnknown();
    call.principal = { id: 'p1', name: 'p', role: role as Role, tier: undefined, keyId: 'k1' };
    return true;
  }
}

@Module({
  imports: [McpModule, ValidationModule],
  providers: [
    Offers,
    { provide: APP_GUARD, useClass: KeyGuard },
    { provide: APP_GUARD, useClass: AuthoriseGuard },
    { provide: APP_GUARD, useClass: ValidationGuard },
    { provide: APP_INTERCEPTOR, useClass: MaskingInterceptor },
  ],
})
class App {}

const META = { [PROTOCOL_VERSION]: '2026-07-28', [CLIENT_CAPABILITIES]: {} };
type Message = { params?: Record<string, unknown>; [key: string]: unknown };
const eras = {
  '2026-07-28': (message: Message) => ({ ...message, params: { ...message.params, _meta: META } }),
  '2025-11-25': (message: Message) => message,
};
const eraNames = Object.keys(eras) as (keyof typeof eras)[];

let app: INestApplicationContext;
let dispatcher: Dispatcher;
beforeAll(async () => {
  app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
  dispatcher = app.get(Dispatcher);
});
afterAll(() => app.close());
beforeEach(() => {
  visits.length = 0;
});

interface Sent {
  status: number;
  // The shape of an answer is what the tests are about.
  body: Record<string, never> | undefined;
  code: string | undefined;
  call: Call;
}

async function send(
  message: unknown,
  { as = 'as admin', headers }: { as?: string | undefined; headers?: Record<string, string> } = {},
): Promise<Sent> {
  const call = new Call({ door: 'mcp', address: '127.0.0.1', authorization: as === '' ? undefined : as });
  const answer = await dispatcher.dispatch(message, call, headers ? { header: (name) => headers[name] } : {});
  const body = answer.body === undefined ? undefined : (JSON.parse(answer.body) as Record<string, never>);
  return { status: answer.status, body, code: answer.outcome?.code, call };
}

const request = (method: string, params?: Record<string, unknown>) => ({
  jsonrpc: '2.0',
  id: 7,
  method,
  ...(params && { params }),
});
const toolCall = (name: string, args?: unknown) =>
  request('tools/call', { name, ...(args !== undefined && { arguments: args }) });

describe.each(eraNames)('a message of %s', (era) => {
  const ask = (message: Message, options?: Parameters<typeof send>[1]) => send(eras[era](message), options);
  const modern = era === '2026-07-28';
  const complete = modern ? { resultType: 'complete', _meta: { [SERVER_INFO]: serverInfo } } : {};

  it('calls a tool and answers with text and structure', async () => {
    const { status, body, code, call } = await ask(toolCall('echo', { text: 'hi "you"' }));
    const value = { text: 'hi "you"', by: 'p1' };
    const result = {
      content: [{ type: 'text', text: JSON.stringify(value) }],
      structuredContent: value,
      ...complete,
    };
    expect({ status, body, code }).toEqual({
      status: 200,
      code: undefined,
      body: { jsonrpc: '2.0', id: 7, result },
    });
    expect([call.operation?.name, call.target, call.input]).toEqual(['echo', 'echo', { text: 'hi "you"' }]);
  });

  it('gives a text as it is, and nothing for nothing', async () => {
    expect((await ask(toolCall('say'))).body).toMatchObject({
      result: { content: [{ type: 'text', text: 'word' }] },
    });
    expect((await ask(toolCall('nothing'))).body).toMatchObject({ result: { content: [], ...complete } });
  });

  it('tells the model which fields of its input are at fault', async () => {
    const { status, body, code } = await ask(toolCall('echo', { text: '' }));
    expect({ status, code }).toEqual({ status: 200, code: 'INVALID_INPUT' });
    expect(body).toMatchObject({ result: { isError: true, ...(modern && { resultType: 'complete' }) } });
    expect(JSON.stringify(body)).toContain('/text');
    expect(visits).not.toContain('echo');
  });

  it('tells the model of an error that it can do something about', async () => {
    const { body, code } = await ask(toolCall('miss'));
    expect(code).toBe('NOT_FOUND');
    expect(body).toMatchObject({
      result: { isError: true, content: [{ text: 'There is no such conversation' }] },
    });
  });

  it.each(['crash', 'loop'])('tells nothing internal when a tool breaks: %s', async (name) => {
    const { status, body, code, call } = await ask(toolCall(name));
    expect({ status, code }).toEqual({ status: 200, code: 'INTERNAL' });
    expect(body).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: {
        code: -32603,
        message: expect.any(String),
        data: { code: 'INTERNAL', correlation_id: call.id },
      },
    });
    expect(JSON.stringify(body)).not.toMatch(/hunter2|secret|circular/i);
  });

  it('masks the content that a tool chose itself', async () => {
    const { body } = await ask(toolCall('leak'));
    expect(JSON.stringify(body)).not.toContain(SECRET);
    expect(body).toMatchObject({ result: { content: [{ type: 'text' }] } });
  });

  it('knows no other tools, prompts and methods', async () => {
    expect(await ask(toolCall('nope'))).toMatchObject({
      status: 200,
      code: 'NOT_FOUND',
      body: { error: { code: -32602 } },
    });
    expect(await ask(request('prompts/get', { name: 'nope' }))).toMatchObject({
      status: 200,
      body: { error: { code: -32602 } },
    });
    expect(await ask(request('nope/nope'))).toMatchObject({
      status: modern ? 404 : 200,
      code: 'METHOD_NOT_FOUND',
      body: { id: 7, error: { code: -32601 } },
    });
  });

  it.each([{}, { name: 1 }, { name: 'echo', arguments: [] }, { name: 'echo', arguments: 'x' }])(
    'refuses a tool call of %j',
    async (params) => {
      expect(await ask(request('tools/call', params))).toMatchObject({
        status: 200,
        body: { error: { code: -32602 } },
      });
    },
  );

  it('knows its own methods and not those of the other era', async () => {
    const own = modern ? ['server/discover'] : ['ping'];
    const foreign = modern ? ['initialize', 'ping', 'logging/setLevel'] : ['server/discover'];
    for (const method of own) expect((await ask(request(method))).body).toHaveProperty('result');
    for (const method of foreign)
      expect((await ask(request(method))).body).toMatchObject({ error: { code: -32601 } });
  });

  it('refuses by status: no key, wrong key, wrong role, over the limit', async () => {
    const call = toolCall('erase');
    expect(await ask(call, { as: '' })).toMatchObject({
      status: 401,
      code: 'CREDENTIAL_MISSING',
      body: { id: 7, error: { code: -31001 } },
    });
    expect(await ask(call, { as: 'nobody' })).toMatchObject({
      status: 401,
      code: 'CREDENTIAL_UNKNOWN',
      body: { error: { code: -31001 } },
    });
    expect(await ask(call, { as: 'as auditor' })).toMatchObject({
      status: 403,
      code: 'ACCESS_REFUSED',
      body: { error: { code: -31003 } },
    });
    const limited = await ask(call, { as: 'limited' });
    expect(limited).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(limited.body).toMatchObject({
      error: {
        code: -31029,
        data: {
          error: 'Rate limit exceeded',
          limit: 1,
          remaining: 0,
          reset: 1,
          retry_after: 1,
          global_limit_hit: false,
        },
      },
    });
  });

  it('lists what the principal may use, in order, with the schema that is enforced', async () => {
    const { body } = await ask(request('tools/list'), { as: 'as employee' });
    const { tools, ...rest } = (body as unknown as { result: { tools: { name: string }[] } }).result;
    expect(tools.map(({ name }) => name)).toEqual([
      'crash',
      'echo',
      'leak',
      'loop',
      'miss',
      'nothing',
      'say',
    ]);
    expect(tools[1]).toMatchObject({
      name: 'echo',
      description: 'Says it again.',
      inputSchema: { type: 'object', required: ['text'], additionalProperties: false },
      annotations: { readOnlyHint: true },
    });
    expect(rest).toEqual(modern ? { ...complete, ttlMs: 300_000, cacheScope: 'private' } : {});
    const admin = await ask(request('tools/list'));
    expect(JSON.stringify(admin.body)).toContain('erase');
  });

  it('refuses a cursor that was never given out', async () => {
    expect((await ask(request('tools/list', { cursor: 'x' }))).body).toMatchObject({
      error: { code: -32602 },
    });
  });

  it('lists and reads resources', async () => {
    const cached = modern ? { ttlMs: 0, cacheScope: 'private' } : {};
    expect((await ask(request('resources/list'))).body).toMatchObject({
      result: { resources: [{ uri: 'house://rules', mimeType: 'text/plain' }] },
    });
    expect((await ask(request('resources/templates/list'))).body).toMatchObject({
      result: {
        resourceTemplates: [{ uriTemplate: 'house://rooms/{id}' }, { uriTemplate: 'house://seats/{number}' }],
      },
    });
    expect((await ask(request('resources/read', { uri: 'house://rules' }), { as: '' })).body).toMatchObject({
      result: {
        contents: [{ uri: 'house://rules', mimeType: 'text/plain', text: 'No smoking.' }],
        ...cached,
      },
    });
    const room = await ask(request('resources/read', { uri: 'house://rooms/a%20b' }));
    expect(room.body).toMatchObject({
      result: { contents: [{ uri: 'house://rooms/a%20b', text: '{"id":"a b"}' }] },
    });
    expect(room.call.target).toBe('house://rooms/{id}');
    expect((await ask(request('resources/read', { uri: 'house://seats/7' }))).body).toMatchObject({
      result: { contents: [{ uri: 'house://seats/7', mimeType: 'image/png', blob: 'AAAA' }] },
    });
  });

  it('refuses a resource that is not there, or not well named', async () => {
    const uri = 'house://cellar';
    const missing = await ask(request('resources/read', { uri }));
    expect(missing.body).toMatchObject({ error: { code: modern ? -32602 : -32002, data: { uri } } });
    expect((await ask(request('resources/read', { uri: 'house://rooms/12345678901' }))).body).toMatchObject({
      error: { code: -32602 },
    });
    expect((await ask(request('resources/read', { uri: 'house://rooms/%E0%A4%A' }))).body).toHaveProperty(
      'error',
    );
    expect((await ask(request('resources/read', {}))).body).toMatchObject({ error: { code: -32602 } });
    expect(visits).not.toContain('room');
  });

  it('lists and gets prompts', async () => {
    expect((await ask(request('prompts/list'))).body).toMatchObject({
      result: { prompts: [{ name: 'greet', arguments: [{ name: 'text', required: true }] }] },
    });
    expect(
      (await ask(request('prompts/get', { name: 'greet', arguments: { text: 'Ann' } }))).body,
    ).toMatchObject({
      result: {
        description: 'Greets.',
        messages: [{ role: 'user', content: { type: 'text', text: 'Greet Ann' } }],
      },
    });
    expect((await ask(request('prompts/get', { name: 'greet' }))).body).toMatchObject({
      error: { code: -32602 },
    });
  });

  it('accepts any notification and never answers one, not even to refuse it', async () => {
    const notification = { jsonrpc: '2.0', method: 'notifications/whatever' };
    expect(await ask(notification)).toMatchObject({ status: 202, body: undefined, code: undefined });
    expect(await ask(notification, { as: '' })).toMatchObject({
      status: 401,
      body: undefined,
      code: 'CREDENTIAL_MISSING',
    });
    expect(await ask({ ...toolCall('echo', { text: 'a' }), id: undefined })).toMatchObject({
      status: 202,
      body: undefined,
    });
    expect(visits).not.toContain('echo');
  });

  it.each([
    ['a batch', [toolCall('echo', { text: 'a' })]],
    ['an empty batch', []],
    ['no object', 'hello'],
    ['null', null],
    ['another jsonrpc', { ...toolCall('echo'), jsonrpc: '1.0' }],
    ['no jsonrpc', { ...toolCall('echo'), jsonrpc: undefined }],
    ['no method', { jsonrpc: '2.0', id: 1 }],
    ['a method that is no text', { ...toolCall('echo'), method: 7 }],
    ['a response', { jsonrpc: '2.0', id: 1, result: {} }],
    ['an error', { jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }],
    ['a null id', { ...toolCall('echo'), id: null }],
    ['a fractional id', { ...toolCall('echo'), id: 1.5 }],
    ['an id beyond 2^53', { ...toolCall('echo'), id: 2 ** 53 }],
    ['an object for an id', { ...toolCall('echo'), id: {} }],
    ['a list of params', { ...toolCall('echo'), params: [] }],
    ['null params', { ...toolCall('echo'), params: null }],
    ['a text for _meta', { ...toolCall('echo'), params: { _meta: 'x' } }],
  ])('refuses %s', async (_, message) => {
    expect(await send(message)).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      body: { error: { code: -32600 } },
    });
    expect(visits).toEqual(['guard mcp.refuse']);
  });
});

describe('the handshake of 2025', () => {
  const initialize = (protocolVersion: unknown) =>
    send(
      request('initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 'c', version: '1' } }),
    );

  it.each(['2025-11-25', '2025-06-18', '2025-03-26'])('agrees on %s', async (revision) => {
    expect((await initialize(revision)).body).toMatchObject({
      result: {
        protocolVersion: revision,
        serverInfo,
        capabilities: { tools: {}, resources: {}, prompts: {} },
      },
    });
  });

  it.each(['2024-11-05', '2026-07-28', 'tomorrow'])(
    'offers its newest handshake for %s',
    async (revision) => {
      expect((await initialize(revision)).body).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
    },
  );

  it('needs all that the handshake is made of', async () => {
    expect((await initialize(1)).body).toMatchObject({ error: { code: -32602 } });
    expect((await send(request('initialize', { protocolVersion: '2025-11-25' }))).body).toMatchObject({
      error: { code: -32602 },
    });
  });

  it('takes a header for one of its revisions, and no other', async () => {
    const list = (version: string) =>
      send(request('tools/list'), { headers: { 'mcp-protocol-version': version } });
    for (const version of ['2025-11-25', '2025-06-18', '2025-03-26'])
      expect((await list(version)).status).toBe(200);
    expect(await list('2024-11-05')).toMatchObject({ status: 400, body: { error: { code: -32022 } } });
    expect(
      await send(request('initialize'), { headers: { 'mcp-protocol-version': '2026-07-28' } }),
    ).toMatchObject({
      status: 400,
      body: { error: { code: -32020 } },
    });
  });
});

describe('a request of 2026-07-28', () => {
  const modern = eras['2026-07-28'];
  const right = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  const call = modern(toolCall('echo', { text: 'a' }));

  it('says what the server speaks and has', async () => {
    expect((await send(modern(request('server/discover')))).body).toMatchObject({
      result: {
        resultType: 'complete',
        supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'],
        capabilities: { tools: {}, resources: {}, prompts: {} },
        cacheScope: 'public',
      },
    });
  });

  it.each([
    ['no _meta', {}],
    ['no version', { _meta: { [CLIENT_CAPABILITIES]: {} } }],
    ['no capabilities', { _meta: { [PROTOCOL_VERSION]: '2026-07-28' } }],
    ['a version that is no text', { _meta: { ...META, [PROTOCOL_VERSION]: 7 } }],
  ])('is malformed with %s', async (_, params) => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' };
    expect(await send(request('server/discover', params), { headers })).toMatchObject({
      status: 400,
      body: { id: 7, error: { code: -32602 } },
    });
  });

  it('names the revisions that there are when it names another', async () => {
    const message = {
      ...request('server/discover'),
      params: { _meta: { ...META, [PROTOCOL_VERSION]: 'v999' } },
    };
    expect(await send(message, { headers: { 'mcp-protocol-version': 'v999' } })).toMatchObject({
      status: 400,
      code: 'PROTOCOL_VERSION_UNSUPPORTED',
      body: {
        id: 7,
        error: {
          code: -32022,
          data: { requested: 'v999', supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'] },
        },
      },
    });
  });

  it.each([
    ['as they are', right],
    ['in Base64', { ...right, 'mcp-name': `=?base64?${Buffer.from('echo').toString('base64')}?=` }],
  ])('is served when its headers repeat it %s', async (_, headers) => {
    expect((await send(call, { headers })).body).toHaveProperty('result');
  });

  it.each([
    ['another version', { ...right, 'mcp-protocol-version': '2025-11-25' }],
    ['no version', { 'mcp-method': 'tools/call', 'mcp-name': 'echo' }],
    ['another method', { ...right, 'mcp-method': 'tools/list' }],
    ['the method in capitals', { ...right, 'mcp-method': 'TOOLS/CALL' }],
    ['no method', { 'mcp-protocol-version': '2026-07-28', 'mcp-name': 'echo' }],
    ['another name', { ...right, 'mcp-name': 'say' }],
    ['no name', { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' }],
    ['unsound Base64', { ...right, 'mcp-name': '=?base64?ZWNobw?=' }],
  ])('is refused when its headers name %s', async (_, headers) => {
    expect(await send(call, { headers })).toMatchObject({
      status: 400,
      code: 'HEADER_MISMATCH',
      body: { id: 7, error: { code: -32020 } },
    });
    expect(visits).not.toContain('echo');
  });

  it('ignores what it does not know in _meta', async () => {
    const message = toolCall('echo', { text: 'a' });
    const _meta = { ...META, progressToken: 1, traceparent: 'x', 'com.example/x': {} };
    expect((await send({ ...message, params: { ...message.params, _meta } })).body).toHaveProperty('result');
  });
});

describe('whatever comes', () => {
  const word = fc.constantFrom(
    'tools/call',
    'tools/list',
    'initialize',
    'ping',
    'server/discover',
    'resources/read',
    'echo',
    '2.0',
    '2026-07-28',
    '__proto__',
  );
  const json = fc.jsonValue({ maxDepth: 4 });
  const anything = fc.oneof(word, json);
  const meta = fc.oneof(
    json,
    fc.record({ [PROTOCOL_VERSION]: anything, [CLIENT_CAPABILITIES]: anything }, { requiredKeys: [] }),
  );
  const params = fc.oneof(
    json,
    fc.record(
      { name: anything, uri: anything, arguments: anything, cursor: anything, _meta: meta },
      { requiredKeys: [] },
    ),
  );
  const message = fc.oneof(
    json,
    fc.record(
      { jsonrpc: fc.oneof(fc.constant('2.0'), json), id: json, method: anything, params },
      { requiredKeys: [] },
    ),
    fc.array(json),
  );
  const headers = fc.option(
    fc.dictionary(
      fc.constantFrom('mcp-protocol-version', 'mcp-method', 'mcp-name'),
      fc.oneof(word, fc.string()),
    ),
    { nil: undefined },
  );

  it('is answered once at most, with its own id, and only behind the guards', async () => {
    await fc.assert(
      fc.asyncProperty(message, headers, async (value, sentHeaders) => {
        visits.length = 0;
        const { status, body } = await send(value, sentHeaders ? { headers: sentHeaders } : {});
        expect(visits[0]).toMatch(/^guard /);
        expect(visits.filter((visit) => visit.startsWith('guard'))).toHaveLength(1);
        expect(status === 202).toBe(body === undefined);
        if (body?.['id'] !== undefined) expect(body['id']).toBe((value as { id: never }).id);
        if (body) expect('result' in body).not.toBe('error' in body);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused unread to a stranger', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (value) => {
        const { status, code } = await send(value, { as: '' });
        const isPublic = (value as { params?: { uri?: unknown } } | null)?.params?.uri === 'house://rules';
        if (!isPublic) expect([status, code]).toEqual([401, 'CREDENTIAL_MISSING']);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused behind the guards when it can not be parsed', async () => {
    const call = new Call({ door: 'mcp', address: '127.0.0.1', authorization: 'as admin' });
    const answer = await dispatcher.refuse(
      new GatehouseError('MALFORMED_JSON', 'The body is not well-formed JSON'),
      call,
    );
    expect(answer).toMatchObject({ status: 400, outcome: { code: 'MALFORMED_JSON' } });
    expect(JSON.parse(answer.body!)).toMatchObject({ error: { code: -32700 } });
    expect(JSON.parse(answer.body!)).not.toHaveProperty('id');
    expect(visits).toEqual(['guard mcp.refuse']);
  });
});

describe('what is written down twice', () => {
  it('is the same as in the official package', () => {
    expect(PROTOCOL_VERSION).toBe(official.PROTOCOL_VERSION_META_KEY);
    expect(CLIENT_CAPABILITIES).toBe(official.CLIENT_CAPABILITIES_META_KEY);
    expect(SERVER_INFO).toBe(official.SERVER_INFO_META_KEY);
  });

  it('is the same as in package.json', () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(serverInfo.version).toBe(version);
  });
});
