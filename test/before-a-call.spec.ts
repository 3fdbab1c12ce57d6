import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TurnedAway } from '#connections';
import { securityHeaders } from '#transport';
import { certificate, databases, freePort, scratchFolder, sslSettings, type ScratchFolder } from '#testing';
import { journalEntries } from './support/audit-records.ts';
import { bootGateway, useGateway, type TestGateway } from './support/gateway.ts';
import type { Answer } from './support/gateway-client.ts';
import { head, RawConnection } from './support/raw-connection.ts';

const HSTS = 'strict-transport-security';
const MOST = 12;
const PAGE = 'https://app.example';

const open: RawConnection[] = [];
afterEach(() => {
  for (const connection of open.splice(0)) connection.drop();
});
async function connected(url: string): Promise<RawConnection> {
  const connection = await RawConnection.open(url);
  open.push(connection);
  return connection;
}

/** Those who are gone have given their places back. */
async function hasRoom(url: string): Promise<void> {
  for (const connection of open.splice(0)) connection.drop();
  const ask = async () => {
    const all = await Promise.all(Array.from({ length: MOST / 2 }, () => connected(url)));
    const answers = await Promise.all(all.map((one) => one.send('no HTTP\r\n\r\n').answer()));
    return answers.map((answer) => answer?.status);
  };
  await expect.poll(ask, { timeout: 10_000 }).toEqual(Array(MOST / 2).fill(400));
}

/** Of these headers, what an answer has: of the server itself, and of the limits. */
function headersOf({ headers }: Answer) {
  const own = Object.keys(securityHeaders).map((name) => [name, headers.get(name)]);
  return {
    ...Object.fromEntries(own),
    limits: headers.has('x-ratelimit-limit') && headers.has('x-ratelimit-reset'),
  };
}
const ALL = { ...securityHeaders, limits: true };

const recordsOf = ({ dataDir }: TestGateway, reason: string) =>
  journalEntries(dataDir).filter(
    ({ notes }) => (notes as { reason?: string } | undefined)?.reason === reason,
  );

async function counted({ managementClient }: TestGateway, reason: string): Promise<number> {
  const { body } = await managementClient.rest('/metrics');
  return Number(new RegExp(`turned_away_total\\{reason="${reason}"\\} (\\d+)`).exec(body as string)?.[1]);
}

describe('what is answered before there is a call', () => {
  const gateway = useGateway(databases[0]!, {
    env: { REQUEST_TIMEOUT_MS: '1000', MAX_CONNECTIONS_PER_ADDRESS: String(MOST) },
  });
  const urls = () => {
    const { url, managementUrl, webSocketPort } = gateway().gateway;
    return { api: url, management: managementUrl!, websocket: `http://127.0.0.1:${webSocketPort}` };
  };

  describe.each(['api', 'management', 'websocket'] as const)('at port %s', (port) => {
    it.each([
      ['unreadable', 400, 'no HTTP\r\n\r\n'],
      ['large', 431, head('GET /health', { 'x-large': 'x'.repeat(20_000) })],
      ['slow', 408, 'GET /health HT'],
    ])('has all headers, and is counted: %s', async (reason, status, bytes) => {
      const before = await counted(gateway(), reason);
      const answer = (await (await connected(urls()[port])).send(bytes).answer())!;
      expect(answer.status).toBe(status);
      expect(headersOf(answer)).toEqual(ALL);
      expect(await counted(gateway(), reason)).toBeGreaterThan(before);
      await expect
        .poll(() => recordsOf(gateway(), reason)[0], { timeout: 10_000 })
        .toMatchObject({ event: 'invalid_input', result: 'refused', ip: '127.0.0.1' });
    });
  });

  it.each(['api', 'websocket'] as const)(
    'has all headers past the cap of connections, at port %s',
    async (port) => {
      const all = await Promise.all(Array.from({ length: MOST + 1 }, () => connected(urls()[port])));
      const answers = await Promise.all(all.map((one) => one.answer()));
      const told = answers.find((answer) => answer?.status === 503);
      expect(headersOf(told!)).toEqual(ALL);
      expect(told!.headers.get('retry-after')).toBe('1');
      await hasRoom(urls()[port]);
    },
  );

  it('is a client at the TCP port that does not say in time who it is', async () => {
    const before = await counted(gateway(), 'slow');
    const socket = connect(gateway().gateway.tcpPort!, '127.0.0.1').resume();
    await once(socket, 'close');
    expect(await counted(gateway(), 'slow')).toBe(before + 1);
  });

  it('leaves one record for many', async () => {
    const before = await counted(gateway(), 'unreadable');
    for (let time = 0; time < 100; time++) await (await connected(urls().api)).send('no HTTP\r\n\r\n').cut();
    expect(await counted(gateway(), 'unreadable')).toBeGreaterThan(before + 90);
    expect(recordsOf(gateway(), 'unreadable').length).toBeLessThan(10);
  });

  it('is refused to a page of a stranger at the port of WebSockets, too', async () => {
    const raw = await connected(urls().websocket);
    const answer = (await raw.send(head('GET /', { origin: 'https://evil.example' })).answer())!;
    expect(answer.status).toBe(403);
    expect(headersOf(answer)).toEqual(ALL);
  });
});

describe('with TLS', () => {
  let folder: ScratchFolder;
  let booted: TestGateway;
  let url: string;
  const heard: string[] = [];
  beforeAll(async () => {
    folder = await scratchFolder();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const env = {
      ...sslSettings(folder.path, await certificate()),
      HTTPS_REDIRECT_PORT: String(port),
      MAX_CONNECTIONS_PER_ADDRESS: String(MOST),
      CORS_ENABLED: 'true',
      CORS_ALLOWED_ORIGINS: PAGE,
    };
    booted = await bootGateway(databases[0]!, { env });
    booted.gateway.app.get(TurnedAway).watch((reason) => heard.push(reason));
  }, 600_000);
  afterAll(async () => {
    await booted.close();
    await folder.remove();
  });
  const ask = async (headers: Record<string, string>) =>
    (await (await connected(url)).send(head('GET /search', headers)).answer())!;
  // A client without TLS must not be told of HSTS (RFC 6797, section 7.2).
  const PLAIN = { ...ALL, [HSTS]: null };

  it.each([
    ['redirected', 308, {}, 'connection_redirected'],
    ['misdirected', 400, { host: 'evil.example' }, 'invalid_input'],
    ['origin', 403, { origin: 'https://evil.example' }, 'blocked_connection'],
  ])(
    'answers with all headers but HSTS, and leaves its trace: %s',
    async (reason, status, headers, event) => {
      const answer = await ask(headers);
      expect(answer.status).toBe(status);
      expect(headersOf(answer)).toEqual(PLAIN);
      await expect.poll(() => recordsOf(booted, reason), { timeout: 10_000 }).toMatchObject([{ event }]);
    },
  );

  const ports = () => {
    const { url: api, managementUrl, webSocketPort, tcpPort } = booted.gateway;
    const [API, management] = [api, managementUrl!].map((one) => Number(new URL(one).port));
    return { API: API!, management: management!, WebSocket: webSocketPort!, TCP: tcpPort! };
  };
  const opened = (port: keyof ReturnType<typeof ports>) => connected(`http://127.0.0.1:${ports()[port]}`);

  it.each(['API', 'management', 'WebSocket', 'TCP'] as const)(
    'has its trace where the handshake fails: %s',
    async (port) => {
      heard.length = 0;
      await (await opened(port)).send('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n').cut();
      await expect.poll(() => heard).toEqual(['handshake']);
      await expect
        .poll(() => recordsOf(booted, 'handshake')[0], { timeout: 10_000 })
        .toMatchObject({ event: 'invalid_input', result: 'refused', ip: '127.0.0.1' });
    },
  );

  it.each(['API', 'management', 'WebSocket'] as const)(
    'has none where a balancer looks whether the port is open: %s',
    async (port) => {
      heard.length = 0;
      await (await opened(port)).end().cut();
      expect(heard).toEqual([]);
    },
  );

  it('lets a page that may call read where it is sent', async () => {
    const answer = await ask({ origin: PAGE });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([308, PAGE]);
  });

  it('refuses what is no HTTP as all others do', async () => {
    const answer = (await (await connected(url)).send('no HTTP\r\n\r\n').answer())!;
    expect([answer.status, headersOf(answer)]).toEqual([400, ALL]);
  });

  it('holds no more connections of one address than all ports together may', async () => {
    const sockets = Array.from({ length: 3 * MOST }, () =>
      connect(Number(new URL(url).port), '127.0.0.1')
        .on('error', () => undefined)
        .resume(),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await expect
      .poll(() => sockets.filter(({ closed }) => !closed).length, { timeout: 5_000 })
      .toBeLessThanOrEqual(MOST);
    for (const socket of sockets) socket.destroy();
    await hasRoom(url);
  });
});
