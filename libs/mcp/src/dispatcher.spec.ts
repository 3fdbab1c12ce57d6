import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serverInfo } from './wire/server-info.ts';
import { SERVER_INFO } from './wire/era.ts';
import {
  eraNames,
  eras,
  openHouse,
  request,
  SECRET,
  toolCall,
  type House,
  type SendOptions,
  type Sent,
} from './testing/house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());
beforeEach(() => {
  house.visits.length = 0;
});

/** An answer without what no two answers share. */
const told = ({ status, body, call }: Sent) => [status, JSON.stringify(body).replace(call.id, '')];

describe.each(eraNames)('a message of %s', (era) => {
  const ask = (message: ReturnType<typeof request>, options?: SendOptions) =>
    house.send(eras[era](message), options);
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
    expect(house.visits).not.toContain('echo');
  });

  it('tells the model of an error that it can do something about', async () => {
    const { body, code } = await ask(toolCall('miss'));
    expect(code).toBe('NOT_FOUND');
    expect(body).toMatchObject({
      result: { isError: true, content: [{ text: 'There is no such conversation' }] },
    });
  });

  it.each(['crash', 'loop', 'tangle'])('tells nothing internal when a tool breaks: %s', async (name) => {
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
    expect(await ask(request(modern ? 'server/discover' : 'ping'), { as: 'as guest' })).toMatchObject({
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

  it.each([{}, { arguments: [] }, { arguments: { a: 1 } }, { requestState: 1 }, { requestState: 'a.b' }])(
    'answers a call that its role can never make as one of nothing, and records it, with %j',
    async (more) => {
      // One that knows the protocol but not this tool, and one that may not even speak.
      for (const as of ['as auditor', 'as guest']) {
        const hidden = await ask(request('tools/call', { name: 'erase', ...more }), { as });
        const absent = await ask(request('tools/call', { name: 'erasf', ...more }), { as });
        expect(told(hidden)).toEqual(told(absent));
        expect(hidden).toMatchObject({
          code: 'ACCESS_REFUSED',
          call: { target: 'erase', operation: { name: 'erase' }, notes: { missing: 'conversations:delete' } },
        });
      }
    },
  );

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
      'tangle',
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
    for (const uri of ['house://cellar', 'house://rooms/attic']) {
      const { body } = await ask(request('resources/read', { uri }));
      expect(body).toMatchObject({ error: { code: modern ? -32602 : -32002, data: { uri } } });
    }
    expect((await ask(request('resources/read', { uri: 'house://rooms/%E0%A4%A' }))).body).toHaveProperty(
      'error',
    );
    expect((await ask(request('resources/read', {}))).body).toMatchObject({ error: { code: -32602 } });
    expect(house.visits.filter((visit) => visit === 'room')).toHaveLength(1);
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

  it.each([{ toString: null }, 7, undefined, ['greet']])(
    'completes nothing of a prompt named %j',
    async (name) => {
      const params = { ref: { type: 'ref/prompt', name }, argument: { name: 'text', value: '' } };
      expect(await ask(request('completion/complete', params))).toMatchObject({
        status: 200,
        code: 'NOT_FOUND',
      });
    },
  );

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
    expect(house.visits).not.toContain('echo');
  });
});
