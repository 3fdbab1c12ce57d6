import { isUtf8 } from 'node:buffer';
import { afterEach, describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { codeOf, doors, lastingDoors, type Door } from './support/doors.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { LEGACY, MODERN, type Answer } from './support/gateway-client.ts';
import { askOverSocket } from './support/socket-ask.ts';

/** Stands in every bad input, and must not come back. */
const MARK = 'zq7-never-comes-back';
/** A stack, a path, a module, a statement. */
const INTERNAL = /\bat .+:\d+|node_modules|\/libs\/|\.[jt]s:\d|\bselect\b|\binsert into\b|ECONN|FST_ERR|zq7/i;

const nested = (depth: number) => `${'{"a":'.repeat(depth)}"${MARK}"${'}'.repeat(depth)}`;
const good = '{"conversation_id":"good","content":"The parcel is late."}';

/** Inputs of a call, as JSON text. */
const badInputs: { what: string; input: string; code: string; tool?: number }[] = [
  {
    what: 'values of the wrong type',
    input: `{"conversation_id":5,"content":["${MARK}"]}`,
    code: 'INVALID_INPUT',
    tool: 200,
  },
  {
    what: 'a value that is not allowed',
    input: `{"conversation_id":"c","content":"${MARK}","url":"${MARK}"}`,
    code: 'INVALID_INPUT',
    tool: 200,
  },
  { what: 'an input that is no object', input: `["${MARK}"]`, code: 'INVALID_INPUT', tool: 200 },
  { what: '10,000 levels', input: nested(10_000), code: 'INVALID_INPUT' },
  { what: 'eleven levels', input: nested(11), code: 'INVALID_INPUT' },
  { what: '__proto__', input: `{"__proto__":{"${MARK}":1}}`, code: 'DANGEROUS_INPUT' },
  {
    what: '__proto__ in disguise',
    input: String.raw`{"\u005f_pro\u0074o__":{"${MARK}":1}}`,
    code: 'DANGEROUS_INPUT',
  },
  {
    what: 'constructor, deep inside',
    input: `{"messages":[{"text":"${MARK}","x":{"constructor":1}}]}`,
    code: 'DANGEROUS_INPUT',
  },
  {
    what: 'prototype, in disguise and deep',
    input: String.raw`{"messages":[{"x":[{"\u0070rototype":"${MARK}"}]}]}`,
    code: 'DANGEROUS_INPUT',
  },
  {
    what: 'half a character',
    input: String.raw`{"conversation_id":"c","content":"${MARK} \ud83d"}`,
    code: 'INVALID_INPUT',
  },
  { what: 'half a character in a key', input: String.raw`{"${MARK}\udc00":1}`, code: 'INVALID_INPUT' },
  { what: 'a number beyond all numbers', input: `{"content":"${MARK}","n":1e999}`, code: 'INVALID_INPUT' },
  { what: 'a key that stands twice', input: `{"content":"a","content":"${MARK}"}`, code: 'INVALID_INPUT' },
  { what: '60,000 values', input: `[${'0,'.repeat(60_000)}"${MARK}"]`, code: 'INVALID_INPUT' },
];

/** Bodies that never become an input. */
const badBodies: {
  what: string;
  body: string | Uint8Array<ArrayBuffer>;
  status?: number;
  rest: string;
  mcp?: string;
}[] = [
  { what: 'an empty body', body: '', rest: 'INVALID_INPUT', mcp: 'MALFORMED_JSON' },
  { what: 'white space', body: ' \n', rest: 'MALFORMED_JSON' },
  { what: 'JSON without its end', body: `{"content":"${MARK}`, rest: 'MALFORMED_JSON' },
  { what: 'JSON and more', body: `{} ${MARK}`, rest: 'MALFORMED_JSON' },
  { what: 'JavaScript', body: `{content: '${MARK}'}`, rest: 'MALFORMED_JSON' },
  { what: 'null', body: 'null', rest: 'INVALID_INPUT', mcp: 'INVALID_REQUEST' },
  { what: 'a text', body: `"${MARK}"`, rest: 'INVALID_INPUT', mcp: 'INVALID_REQUEST' },
  { what: 'an array', body: `["${MARK}"]`, rest: 'INVALID_INPUT', mcp: 'INVALID_REQUEST' },
  {
    what: 'bytes that are not UTF-8',
    body: Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d),
    rest: 'MALFORMED_JSON',
  },
  {
    what: 'UTF-16',
    body: new Uint8Array(Buffer.from(`\ufeff{"content":"${MARK}"}`, 'utf16le')),
    rest: 'MALFORMED_JSON',
  },
  { what: '1 MiB of brackets', body: '['.repeat(1_048_576), rest: 'INVALID_INPUT' },
  { what: 'a byte more than 1 MiB', body: '['.repeat(1_048_577), status: 413, rest: 'PAYLOAD_TOO_LARGE' },
  { what: '2 MB', body: MARK.padEnd(2_000_000), status: 413, rest: 'PAYLOAD_TOO_LARGE' },
];

const badTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  MARK,
  '',
];

const badMessages: [what: string, body: unknown][] = [
  ['an empty batch', []],
  ['a batch', [{ jsonrpc: '2.0', id: 1, method: 'ping' }]],
  ['another JSON-RPC', { jsonrpc: '1.0', id: 1, method: 'ping' }],
  ['no method', { jsonrpc: '2.0', id: 1, params: { [MARK]: 1 } }],
  ['a method that is no text', { jsonrpc: '2.0', id: 1, method: [MARK] }],
  ['params in an array', { jsonrpc: '2.0', id: 1, method: 'ping', params: [MARK] }],
  ['an answer to nothing', { jsonrpc: '2.0', id: 1, result: { [MARK]: 1 } }],
  ['null as id', { jsonrpc: '2.0', id: null, method: 'ping' }],
  ['half an id', { jsonrpc: '2.0', id: 1.5, method: 'ping' }],
  ['an object as id', { jsonrpc: '2.0', id: { [MARK]: 1 }, method: 'ping' }],
];

const badUrls: [what: string, path: string, status: number, code: string][] = [
  ['a route that is not there', `/${MARK}`, 404, 'NOT_FOUND'],
  ['a path that cannot be decoded', '/%zz', 400, 'INVALID_REQUEST'],
  ['a path that is not UTF-8', '/conversations/%ff', 400, 'INVALID_REQUEST'],
  ['a query that cannot be decoded', `/conversations?limit=%zz${MARK}`, 400, 'INVALID_REQUEST'],
  ['a NUL in a path', '/conversations/%00', 400, 'INVALID_INPUT'],
  ['a parameter that is too long', `/conversations/${MARK.repeat(20)}`, 400, 'INVALID_INPUT'],
  ['a path of 10 kB', `/conversations/${MARK.repeat(500)}`, 400, 'INVALID_INPUT'],
  ['a query of 10 kB', `/conversations?limit=${MARK.repeat(500)}`, 400, 'INVALID_INPUT'],
  ['a word for a number', `/conversations?limit=${MARK}`, 400, 'INVALID_INPUT'],
  ['two values for one', '/conversations?limit=1&limit=2', 400, 'INVALID_INPUT'],
  ['__proto__ in a query', '/conversations?__proto__=1', 400, 'INVALID_INPUT'],
  ['a way up, as an id', '/conversations/..%2f..%2fetc%2fpasswd', 404, 'NOT_FOUND'],
  ['a way up, as a file', '/docs/assets/..%2f..%2fpackage.json', 400, 'INVALID_INPUT'],
];

const badMethods: [request: string, status: number, allow: string | null][] = [
  // `ingest` may be the id of a conversation, too.
  ['PUT /conversations/ingest', 405, 'DELETE, GET, HEAD, POST'],
  ['PATCH /conversations/c-1', 405, 'DELETE, GET, HEAD'],
  ['GET /search', 405, 'POST'],
  ['OPTIONS /search', 405, 'POST'],
  ['GET /mcp', 405, 'POST'],
  ['DELETE /mcp', 405, 'POST'],
  ['PUT /mcp', 405, 'DELETE, GET, POST'],
  ['PROPFIND /', 404, null],
];

describe('bad input', () => {
  const gateway = useGateway(databases[0]!);

  async function expectRefusal(answer: Answer, status: number, code: string): Promise<void> {
    const record = await gateway().recordOf(answer);
    const end = {
      status: answer.status,
      code: codeOf(answer),
      recorded: record?.code,
      result: record?.result,
    };
    expect(end).toEqual({ status, code, recorded: code, result: 'refused' });
    expect(JSON.stringify(answer.body)).not.toMatch(INTERNAL);
  }

  function post({ path, headers }: Door, raw: string | Uint8Array<ArrayBuffer>, more = {}): Promise<Answer> {
    return gateway().client.rest(path, { method: 'POST', raw, headers: { ...headers, ...more } });
  }

  describe.each(doors)('at $name', (door) => {
    afterEach(async () => {
      const { status } = await post(door, door.body(good));
      if (status >= 300) throw new Error(`A good call afterwards gets ${status}`);
    });

    it.each(badInputs)('refuses $what', async ({ input, code, tool = 400 }) => {
      await expectRefusal(await post(door, door.body(input)), door.kind === 'rest' ? 400 : tool, code);
    });

    it.each(badBodies)('refuses $what', async ({ body, status = 400, rest, mcp = rest }) => {
      await expectRefusal(await post(door, body), status, door.kind === 'rest' ? rest : mcp);
    });

    it.each(badTypes)('refuses the content type "%s"', async (type) => {
      await expectRefusal(
        await post(door, door.body(good), { 'content-type': type }),
        415,
        'MEDIA_TYPE_UNSUPPORTED',
      );
    });
  });

  describe.each(lastingDoors)('at $name', (at) => {
    const { door } = at;
    const ask = (raw: string | Uint8Array) => askOverSocket(gateway(), { door, key: ADMIN_KEY, raw });
    const isMessage = (raw: string | Uint8Array) =>
      raw.length > 2 && raw.length <= 1_048_576 && (door !== 'ws' || isUtf8(Buffer.from(raw)));

    afterEach(async () => {
      const { body } = await ask(at.body(good));
      if (!(body as { result?: object }).result) throw new Error(`A good call gets ${JSON.stringify(body)}`);
    });

    it.each(badInputs)('refuses $what', async ({ input, code, tool = 400 }) => {
      await expectRefusal(await ask(at.body(input)), tool, code);
    });

    // An empty line is none, and what is too large, or no text, ends the connection: tcp.spec.ts, websocket.spec.ts.
    it.each(badBodies.filter(({ body }) => isMessage(body)))(
      'refuses $what',
      async ({ body, rest, mcp = rest }) => {
        await expectRefusal(await ask(body), 400, mcp);
      },
    );

    it.each(badMessages)('refuses %s', async (_, message) => {
      await expectRefusal(await ask(JSON.stringify(message)), 400, 'INVALID_REQUEST');
    });
  });

  describe.each([MODERN, LEGACY])('JSON-RPC at /mcp of %s', (revision) => {
    it.each(badMessages)('refuses %s', async (_, body) => {
      const answer = await gateway().client.rpc('ping', {}, { revision, body });
      await expectRefusal(answer, 400, 'INVALID_REQUEST');
    });

    it('names no tool, resource or prompt that is not there', async () => {
      const { client } = gateway();
      for (const method of ['tools/call', 'prompts/get'] as const) {
        await expectRefusal(await client.rpc(method, { name: MARK }, { revision }), 200, 'NOT_FOUND');
      }
      const answer = await client.rpc('resources/read', { uri: 'conversation://nobody' }, { revision });
      await expectRefusal(answer, 200, 'NOT_FOUND');
    });

    it('knows no method that is not there', async () => {
      const answer = await gateway().client.rpc(MARK, {}, { revision });
      await expectRefusal(answer, revision === MODERN ? 404 : 200, 'METHOD_NOT_FOUND');
    });

    it('refuses who takes no answer of ours', async () => {
      const answer = await gateway().client.rpc(
        'tools/list',
        {},
        { revision, headers: { accept: 'text/html' } },
      );
      await expectRefusal(answer, 406, 'NOT_ACCEPTABLE');
    });
  });

  it.each(badUrls)('refuses %s', async (_, path, status, code) => {
    await expectRefusal(await gateway().client.rest(path), status, code);
  });

  it.each(badMethods)('refuses %s', async (request, status, allow) => {
    const [method = '', path = ''] = request.split(' ');
    const answer = await gateway().client.rest(path, { method });
    await expectRefusal(answer, status, status === 405 ? 'METHOD_NOT_ALLOWED' : 'NOT_FOUND');
    expect(answer.headers.get('allow')).toBe(allow);
  });
});
