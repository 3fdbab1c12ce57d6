import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificate, databases, freePort, scratchFolder, sslSettings, type ScratchFolder } from '#testing';
import { auditRecords } from './support/audit-records.ts';
import { ADMIN_KEY, bootGateway, type TestGateway } from './support/gateway.ts';

const PATIENCE_MS = 30_000;
const SECURE = 'the API with TLS';
/** Requests under way at a time. */
const AT_ONCE = 48;

/** Every header that anything in here reads, and those of which Node or a plugin makes something of its own. */
const names = `
  authorization cookie proxy-authorization x-forwarded-client-cert host origin referer sec-fetch-site
  user-agent access-control-request-method x-forwarded-for x-forwarded-host x-forwarded-proto forwarded via
  upgrade sec-websocket-key sec-websocket-version sec-websocket-protocol sec-websocket-extensions
  connection expect te trailer date range content-type content-encoding content-length transfer-encoding
  accept accept-encoding if-none-match if-modified-since accept-version mcp-session-id mcp-protocol-version
  mcp-method mcp-name last-event-id idempotency-key x-correlation-id x-request-id traceparent
  x-http-method-override
`
  .trim()
  .split(/\s+/);

/** One value for each way in which a value is not what its reader expects. */
const values: readonly (string | readonly string[])[] = [
  '',
  ' \t ',
  ',',
  ', ,,;=',
  'a'.repeat(9_000),
  '\x80\xff\xe9\xa0',
  ['', ''],
  ['a', 'b', 'c'],
  '"\\',
  '%00%ff%',
  '-1',
  '9'.repeat(400),
  '__proto__',
  '=?utf-8?B?/w==?=',
  'fe80::1%a-b.c:d, ::ffff:1.2.3.4%1, [::1%x]:1, 1.2.3.4:99999',
  `Bearer ${'\xe9'.repeat(50)}`,
  'Bearer \x7f, bearer.=, Basic Og==',
  'application/json; charset="\\',
  'permessage-deflate; server_max_window_bits=99; client_max_window_bits=',
  'mcp, mcp',
  'mcp, bearer.a b',
];

interface Target {
  readonly name: string;
  readonly request: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const key = { authorization: `Bearer ${ADMIN_KEY}` };
const json = { ...key, 'content-type': 'application/json' };
const handshake = {
  ...key,
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'mcp',
};
const upgrade: Target = { name: 'an upgrade', request: 'GET /ws', headers: handshake };
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const both = 'application/json, text/event-stream';

const atApi: Target[] = [
  { name: 'a GET', request: 'GET /conversations', headers: key },
  { name: 'a POST', request: 'POST /search', headers: json, body: '{"query":"parcel"}' },
  { name: 'a message', request: 'POST /mcp', headers: { ...json, accept: both }, body: ping },
  { name: 'a stream', request: 'GET /mcp', headers: { ...key, accept: both, 'mcp-session-id': 'a' } },
  { name: 'no preflight', request: 'OPTIONS /mcp', headers: { 'access-control-request-method': 'POST' } },
  { name: 'an OAuth page', request: 'GET /oauth/authorize?client_id=a', headers: { cookie: 'a=b' } },
  {
    name: 'an OAuth form',
    request: 'POST /oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=refresh_token',
  },
  upgrade,
];
const atManagement: Target[] = [{ name: 'a GET', request: 'GET /admin/blocks', headers: key }, upgrade];

/** The bytes of a request in which one header is not what it should be. */
function bytesOf({ request, headers, body = '' }: Target, name: string, value: string | readonly string[]) {
  const all = {
    host: 'localhost',
    ...headers,
    ...(body !== '' && { 'content-length': String(body.length) }),
  };
  const lines = Object.entries(all)
    .filter(([own]) => own !== name)
    .map(([own, sound]) => `${own}: ${sound}`);
  const hostile = [value].flat().map((one) => `${name}: ${one}`);
  return Buffer.from([`${request} HTTP/1.1`, ...lines, ...hostile, '', body].join('\r\n'), 'latin1');
}

interface Heard {
  readonly what: string;
  /** Of the answer; empty where the connection was cut without one. */
  readonly text: string;
}

const portOf = (url: string) => Number(new URL(url).port);
const overTcp = (port: () => number) => () => connectPlain(port(), '127.0.0.1');

describe('headers of strangers', () => {
  const unseen: unknown[] = [];
  const note = (error: unknown) => void unseen.push(error);
  let folder: ScratchFolder;
  let plain: TestGateway;
  let secure: TestGateway;
  let redirectPort: number;

  beforeAll(async () => {
    process.on('unhandledRejection', note).on('uncaughtException', note);
    folder = await scratchFolder();
    redirectPort = await freePort();
    const env = {
      REQUEST_TIMEOUT_MS: '5000',
      RATE_LIMIT_ENABLED: 'false',
      AUTH_FAILURES_MAX: '1000000',
      MAX_CONNECTIONS_PER_ADDRESS: '10000',
      TRUSTED_PROXIES: '127.0.0.1',
      CORS_ENABLED: 'true',
      CORS_ALLOWED_ORIGINS: 'https://app.example',
      MTLS_ENABLED: 'true',
      MTLS_FORWARDED: 'true',
      WS_COMPRESSION_ENABLED: 'true',
    };
    plain = await bootGateway(databases[0]!, { env });
    const made = await certificate();
    const tls = sslSettings(folder.path, made);
    const more = { HTTPS_REDIRECT_PORT: String(redirectPort), MTLS_CA_PATH: tls['SSL_CERT_PATH']! };
    secure = await bootGateway(databases[0]!, { env: { ...env, ...tls, ...more } });
  }, 600_000);
  afterAll(async () => {
    process.off('unhandledRejection', note).off('uncaughtException', note);
    await Promise.all([plain.close(), secure.close()]);
    await folder.remove();
  });

  const listeners: [name: string, open: () => Socket, targets: Target[], gateway: () => TestGateway][] = [
    ['the API', overTcp(() => portOf(plain.gateway.url)), atApi, () => plain],
    ['management', overTcp(() => portOf(plain.gateway.managementUrl!)), atManagement, () => plain],
    ['the port of WebSockets', overTcp(() => plain.gateway.webSocketPort!), atManagement, () => plain],
    ['the port that redirects', overTcp(() => redirectPort), atManagement, () => secure],
    [
      SECURE,
      () => connectSecure({ port: portOf(secure.gateway.url), rejectUnauthorized: false }),
      [atApi[0]!, upgrade],
      () => secure,
    ],
  ];

  it.each(listeners)('harm nobody at %s', async (name, open, targets, gateway) => {
    // A handshake of TLS costs more than all that comes after it.
    const sent = mixed(targets).filter((_one, at) => name !== SECURE || at % 10 === 0);
    const heard: Heard[] = [];
    const all = sent.values();
    const ask = async () => {
      for (const { what, bytes } of all) heard.push({ what, text: await answerTo(open(), bytes) });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    expect(unseen).toEqual([]);
    expect(heard).toHaveLength(sent.length);
    expect(heard.filter(({ text }) => !isWhole(text)).map(told)).toEqual([]);
    expect((await plain.client.rest('/health')).status).toBe(200);
    expectRecords(heard, gateway());
  });
});

/** Every header with every value, at one of the targets each. */
function mixed(targets: readonly Target[]) {
  return names.flatMap((name, at) =>
    values.map((value, index) => {
      const target = targets[(at + index) % targets.length]!;
      return {
        what: `${target.name} with ${name}: ${JSON.stringify(value).slice(0, 60)}`,
        bytes: bytesOf(target, name, value),
      };
    }),
  );
}

/** An answer of ours, which has its headers whatever it says, and is no fault of ours. */
function isWhole(text: string): boolean {
  return /^HTTP\/1\.1 [1-4]\d\d /.test(text) && /^x-frame-options: DENY\r$/im.test(text);
}

function told({ what, text }: Heard): string {
  return `${what}: ${text.slice(0, 300)}`;
}

/** What comes back, until the connection ends or has said what it had to say. */
async function answerTo(socket: Socket, bytes: Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const late = setTimeout(() => reject(new Error(`No answer to ${bytes.toString('latin1')}`)), PATIENCE_MS);
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (text.includes('\r\n\r\n')) resolve(text);
  });
  socket.on('error', () => undefined).once('close', () => resolve(text));
  socket.write(bytes);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

/** Each call that was answered has its record, and no second one, which says of the answer what it was. */
function expectRecords(heard: readonly Heard[], { dataDir }: TestGateway): void {
  const found = Map.groupBy(auditRecords(dataDir), ({ correlation_id: id }) => id);
  const faults = heard.flatMap(({ what, text }) => {
    const [, status = ''] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? [];
    const [, id] = /^x-correlation-id: (\S+)/im.exec(text) ?? [];
    if (id === undefined) return [];
    const results = (found.get(id) ?? []).map(({ result }) => result).join();
    const expected = Number(status) < 400 ? 'allowed' : 'refused';
    return results === expected ? [] : [`${what}: ${status}, on record as ${results || 'nothing'}`];
  });
  expect(faults).toEqual([]);
}
