import { beforeAll, describe, expect, it } from 'vitest';
import { roles, type Role } from '#call';
import { Catalogue } from '#mcp';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { VaultModule } from './fixtures/vault.module.ts';
import { useGateway } from './support/gateway.ts';
import { LEGACY, MODERN } from './support/gateway-client.ts';
import { byName, isHidden, offersOf, unlike, type Ask, type Offer, type Params } from './support/offers.ts';
import { headerOf, post, type RawAnswer } from './support/raw-answer.ts';

const NO_SESSION = 'no-such-session-0123456789';

/** What is said beside the name. */
interface Said {
  readonly params: Params;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Manner {
  readonly name: string;
  readonly manner?: Said;
  readonly era?: string;
}

const PLAIN: Said = { params: {} };
const NAMESPACE = 'io.modelcontextprotocol';
const CAPABILITIES = { extensions: { [`${NAMESPACE}/tasks`]: {} } };
/** Methods whose messages repeat the name in a header. */
const NAMED = new Set(['tools/call', 'resources/read', 'prompts/get']);

/** What may be wrong with a call, or said besides: none of it may tell anything. */
const manners = {
  'nothing else': PLAIN,
  arguments: { params: { arguments: { text: 'a', query: 'a', lock: 'a', drawer: 'upper' } } },
  'bad arguments': { params: { arguments: { no_such: 1 } } },
  'arguments that are none': { params: { arguments: [1] } },
  'a state of another type': { params: { requestState: 5 } },
  'a forged state': { params: { requestState: 'abcdef01.AAAA' } },
  'answers that are none': { params: { inputResponses: [] } },
  'a mirrored argument': { params: { arguments: { lock: 'a' } }, headers: { 'mcp-param-lock': 'a' } },
  'a wrong mirrored argument': {
    params: { arguments: { lock: 'a' } },
    headers: { 'mcp-param-lock': 'b' },
  },
  'another name in its header': { params: {}, headers: { 'mcp-name': 'another' } },
  'a session that is none': { params: {}, headers: { 'mcp-session-id': NO_SESSION } },
  'a wish for a task': { params: { task: { ttl: 1000 } } },
} as const satisfies Record<string, Said>;

describe('what a role is never granted', () => {
  const gateway = useGateway(databases[0]!, {
    features: [EchoModule, VaultModule],
    env: {
      RATE_LIMIT_CLIENT_MAX: '100000',
      RATE_LIMIT_GLOBAL_MAX: '1000000',
      RATE_LIMIT_ADDRESS_MAX: '1000000',
      RATE_LIMIT_OPERATIONS: 'echo=1/3600,vault_look=1/3600,mcp.refuse=50000/60',
    },
  });
  let offers: readonly Offer[];
  const sessions = new Map<string, string>();

  beforeAll(() => {
    offers = offersOf(gateway().gateway.app.get(Catalogue));
  });

  /** Two callers alike, so that what one has used up is what the other has. */
  const pairOf = async (role: Role, options: { tier?: 'free' } = {}) =>
    [
      await gateway().createKey({ role, ...options }),
      await gateway().createKey({ role, ...options }),
    ] as const;

  async function ask(key: string, { method, params }: Ask, { name, manner = PLAIN, era = MODERN }: Manner) {
    const modern = era === MODERN;
    const meta = { [`${NAMESPACE}/protocolVersion`]: era, [`${NAMESPACE}/clientCapabilities`]: CAPABILITIES };
    const body = {
      jsonrpc: '2.0',
      id: 'one',
      method,
      params: { ...params(name), ...manner.params, ...(modern && { _meta: meta }) },
    };
    return post(new URL('/mcp', gateway().gateway.url), body, {
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${key}`,
      'mcp-protocol-version': era,
      ...(modern && { 'mcp-method': method, ...(NAMED.has(method) && { 'mcp-name': name }) }),
      ...(method === 'resources/subscribe' && { 'mcp-session-id': await sessionOf(key) }),
      ...manner.headers,
    });
  }

  async function sessionOf(key: string): Promise<string> {
    let session = sessions.get(key);
    if (session === undefined) {
      const params = {
        protocolVersion: LEGACY,
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      };
      const { headers } = await gateway().client.rpc('initialize', params, { key, revision: LEGACY });
      sessions.set(key, (session = headers.get('mcp-session-id')!));
    }
    return session;
  }

  it('is tried on an offer of every kind, hidden from some and not from others', () => {
    expect(offers.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['echo', 'rag_ask', 'vault_open', 'vault://list', 'vault://drawers/upper']),
    );
    for (const role of roles)
      expect(offers.filter(({ operation }) => isHidden(operation, role)).length > 0).toBe(role !== 'admin');
  });

  it.each(roles)('answers %s as if it were not there, to the byte', async (role) => {
    const [one, other] = await pairOf(role);
    for (const { name, operation, asks } of offers) {
      if (!isHidden(operation, role)) continue;
      for (const way of asks) {
        for (const era of way.eras) {
          for (const [said, manner] of Object.entries(manners)) {
            const what = `${way.method} ${name} with ${said} of ${era}`;
            const hidden = await ask(one, way, { name, manner, era });
            const absent = await ask(other, way, { name: unlike(name), manner, era });
            expectSame(what, [hidden, name], [absent, unlike(name)]);
          }
        }
      }
    }
  });

  it('does not show in the stream of changes', async () => {
    const [one, other] = await pairOf('service');
    const heard = [
      await acknowledged(one, 'vault://list'),
      await acknowledged(other, unlike('vault://list')),
    ];
    expect(heard[0]).toContain('"notifications":{}');
    expect(heard[0]).toBe(heard[1]);
  });

  /** The first event of `subscriptions/listen`. */
  async function acknowledged(key: string, uri: string): Promise<string> {
    const abort = new AbortController();
    const response = await fetch(new URL('/mcp', gateway().gateway.url), {
      method: 'POST',
      signal: abort.signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${key}`,
        'mcp-protocol-version': MODERN,
        'mcp-method': 'subscriptions/listen',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'subscriptions/listen',
        params: {
          notifications: { resourceSubscriptions: [uri] },
          _meta: { [`${NAMESPACE}/protocolVersion`]: MODERN, [`${NAMESPACE}/clientCapabilities`]: {} },
        },
      }),
    });
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (/^data: .*\n\n/m.test(text)) break;
    }
    abort.abort();
    return text;
  }

  it('uses up the limits of its caller, and meets none of its own', async () => {
    const [one, other] = await pairOf('service', { tier: 'free' });
    const way = byName('tools/call');
    for (let n = 1; n <= 11; n++) {
      const hidden = await ask(one, way, { name: 'vault_open' });
      const absent = await ask(other, way, { name: unlike('vault_open') });
      expect(hidden.status).toBe(n <= 10 ? 200 : 429);
      expect(headerOf(hidden, 'x-ratelimit-remaining')).toBe(String(Math.max(0, 10 - n)));
      expectSame(`call ${n}`, [hidden, 'vault_open'], [absent, unlike('vault_open')]);
    }
  });

  it.each([
    ['no key', ''],
    ['an unknown key', 'gh_0000000000000000000000000000000000000000'],
  ])('answers a stranger with %s alike', async (_, key) => {
    for (const era of [MODERN, LEGACY]) {
      const hidden = await ask(key, byName('tools/call'), { name: 'vault_open', era });
      const absent = await ask(key, byName('tools/call'), { name: unlike('vault_open'), era });
      expect(hidden.status).toBe(401);
      expect(headerOf(hidden, 'www-authenticate')).toContain('scope="mcp:use"');
      expectSame(era, [hidden, 'vault_open'], [absent, unlike('vault_open')]);
    }
  });

  it('goes on record as what it was', async () => {
    const key = await gateway().createKey({ role: 'service' });
    for (const { name, target, operation, asks } of offers) {
      if (!isHidden(operation, 'service')) continue;
      for (const way of asks.filter(({ eras }) => eras.includes(MODERN))) {
        for (const manner of [PLAIN, manners['a forged state']]) {
          const answer = await ask(key, way, { name, manner });
          expect(await recordOf(answer)).toMatchObject({
            code: 'ACCESS_REFUSED',
            event: 'access_denied',
            result: 'refused',
            severity: 'MEDIUM',
            status: 200,
            operation: way.method === 'completion/complete' ? 'mcp.complete' : operation.name,
            target,
            notes: { missing: operation.permission },
          });
        }
      }
    }
    const { body } = await gateway().managementClient.rest('/metrics');
    expect(body).toMatch(/operation="vault_open",result="refused"/);
  });

  it('is recorded by the limit that was hit, where one was', async () => {
    const key = await gateway().createKey({ role: 'service', tier: 'free' });
    let last: RawAnswer | undefined;
    for (let n = 0; n <= 10; n++)
      last = await ask(key, byName('tools/call'), { name: 'vault_open', era: LEGACY });
    expect(await recordOf(last!)).toMatchObject({
      code: 'RATE_LIMITED',
      operation: 'vault_open',
      target: 'vault_open',
      status: 429,
    });
  });

  it('is there for those who may use it, with its own limit and its own faults', async () => {
    const key = await gateway().createKey({ role: 'admin' });
    const way = byName('tools/call');
    const wrong = await ask(key, way, { name: 'vault_open', manner: manners['arguments that are none'] });
    expect(JSON.parse(wrong.body)).toMatchObject({
      error: { code: -32602, data: { code: 'INVALID_INPUT' } },
    });
    const mirrored = await ask(key, way, {
      name: 'vault_open',
      manner: manners['a wrong mirrored argument'],
    });
    expect([mirrored.status, JSON.parse(mirrored.body)]).toMatchObject([400, { error: { code: -32020 } }]);
    const good = await ask(key, way, { name: 'vault_open', manner: manners['a mirrored argument'] });
    expect(good.status).toBe(429);
  });

  async function recordOf(answer: RawAnswer) {
    const headers = new Headers({ 'x-correlation-id': headerOf(answer, 'x-correlation-id')! });
    return gateway().recordOf({ status: answer.status, headers, body: undefined });
  }
});

function expectSame(what: string, [one, its]: [RawAnswer, string], [other, own]: [RawAnswer, string]): void {
  // The clock may have moved on between the two, and only the clock.
  const resets = [one, other].map((answer) => Number(headerOf(answer, 'x-ratelimit-reset')));
  expect({ what, apart: Math.abs(resets[0]! - resets[1]!) <= 2 }).toEqual({ what, apart: true });
  expect({ what, ...timeless(one, its) }).toEqual({ what, ...timeless(other, own) });
}

function timeless({ status, headers, body }: RawAnswer, name: string): RawAnswer {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [header = '', value = ''] = headers.slice(at, at + 2);
    const passing = ['date', 'x-correlation-id', 'x-ratelimit-reset', 'retry-after'];
    kept.push(header, passing.includes(header.toLowerCase()) ? '' : value);
  }
  const told = body
    .replace(/"correlation_id":"[^"]+"/, '"correlation_id":""')
    .replaceAll(/"(reset|retry_after)":\d+/g, '"$1":0')
    .replaceAll(JSON.stringify(name), '"NAME"');
  return { status, headers: kept, body: told };
}
