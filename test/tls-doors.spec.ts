import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TurnedAway, type TurnedAwayFor } from '#connections';
import {
  authority,
  certificate,
  databases,
  revocationList,
  scratchFolder,
  sslSettings,
  type CertificateOptions,
  type Pair,
  type ScratchFolder,
} from '#testing';
import { Metrics } from '#telemetry';
import { TlsContexts } from '#transport';
import { auditRecords } from './support/audit-records.ts';
import { ADMIN_KEY, bootGateway, type TestGateway } from './support/gateway.ts';
import {
  refusedUpgrade,
  TcpClient,
  WebSocketClient,
  type SocketClient,
  type Told,
} from './support/socket-client.ts';
import { sClient, shownCertificate } from './support/tls-client.ts';

const MOST = 10;
const TIMEOUT_MS = 2_000;
const spiffe = (name: string): CertificateOptions => ({
  name: '',
  altNames: [{ type: 6, value: `spiffe://mesh/${name}` }],
});

type Who = 'orders' | 'nobody' | 'foreign' | 'leaver';
type Door = 'ws' | 'tcp';
const doors: readonly Door[] = ['ws', 'tcp'];

describe('the doors where a connection lasts, with TLS', () => {
  let folder: ScratchFolder;
  let ca: Pair;
  let server: Pair;
  let shown: Record<Who, Pair>;
  let booted: TestGateway;
  const open: SocketClient[] = [];
  const crl = () => join(folder.path, 'crl.pem');

  beforeAll(async () => {
    folder = await scratchFolder();
    ca = await authority('Mesh');
    server = await certificate();
    shown = {
      orders: await certificate({ ...spiffe('orders'), by: ca }),
      nobody: await certificate({ ...spiffe('nobody'), by: ca }),
      leaver: await certificate({ ...spiffe('orders'), by: ca }),
      foreign: await certificate({ ...spiffe('orders'), by: await authority('Mesh') }),
    };
    const caPath = join(folder.path, 'ca.pem');
    writeFileSync(caPath, ca.cert);
    writeFileSync(crl(), await revocationList(ca, []));
    booted = await bootGateway(databases[0]!, {
      env: {
        ...sslSettings(folder.path, server),
        MTLS_ENABLED: 'true',
        MTLS_CA_PATH: caPath,
        MTLS_CRL_PATH: crl(),
        MTLS_PRINCIPALS: 'uri:spiffe://mesh/orders=orders:service:pro',
        TCP_MAX_CONNECTIONS: String(MOST),
        REQUEST_TIMEOUT_MS: String(TIMEOUT_MS),
      },
    });
  }, 600_000);
  afterEach(async () => {
    for (const client of open) client.drop();
    await Promise.all(open.splice(0).map((client) => client.over));
  });
  afterAll(async () => {
    await booted.close();
    await folder.remove();
  });

  const portOf = (door: Door) => (door === 'ws' ? booted.gateway.webSocketPort! : booted.gateway.tcpPort!);
  const secure = (who: Who | undefined) => ({ ca: server.cert, ...(who && shown[who]) });
  const upgrading = (who: Who | undefined) => ({ agent: new Agent(secure(who)) });
  const kept = <C extends SocketClient>(client: C): C => {
    open.push(client);
    return client;
  };

  const webSocket = async (who: Who | undefined, key?: string) =>
    kept(await WebSocketClient.open(urlOf('ws'), { ...upgrading(who), ...(key && { key }) }));
  const tcp = async (who: Who | undefined) => kept(await TcpClient.connect(portOf('tcp'), secure(who)));
  const urlOf = (door: Door) => `${door === 'ws' ? 'wss' : 'tcps'}://127.0.0.1:${portOf(door)}`;

  /** A client that is let in, with a certificate or a key. */
  async function entered(door: Door, who: Who | undefined, key?: string): Promise<SocketClient> {
    if (door === 'ws') return webSocket(who, key);
    const client = await tcp(who);
    const answer = await client.authenticate(key);
    expect(answer).toMatchObject({ result: { authenticated: true } });
    return client;
  }

  const hasTools = { result: { tools: expect.any(Array) } };

  it.each(doors)('carry calls at %s', async (door) =>
    expect(await listed(await entered(door, undefined, ADMIN_KEY))).toMatchObject(hasTools),
  );

  it.each(doors)('speak TLS 1.2 and 1.3 and nothing before at %s, as OpenSSL sees it', async (door) => {
    const [now, before, old] = [
      await sClient(urlOf(door), ['-tls1_3']),
      await sClient(urlOf(door), ['-tls1_2']),
      await sClient(urlOf(door), ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0']),
    ];
    expect(now.out).toContain('Cipher is TLS_AES_256_GCM_SHA384');
    expect(before.out).toContain('Cipher is ECDHE-');
    expect(old.out).toContain('Cipher is (NONE)');
  });

  it('are counted once, at /ws of the API too', async () => {
    const figures = async () => {
      const { values } = await booted.gateway.app.get(Metrics).concurrentConnections.get();
      return ['http', 'ws'].map((type) => values.find(({ labels }) => labels.type === type)?.value);
    };
    const url = `${booted.gateway.url.replace('https', 'wss')}/ws`;
    await expect.poll(figures).toEqual([0, 0]);
    const client = kept(await WebSocketClient.open(url, { ...upgrading(undefined), key: ADMIN_KEY }));
    await expect.poll(figures).toEqual([0, 1]);
    client.drop();
    await expect.poll(figures).toEqual([0, 0]);
  });

  it.each([
    ['ws', 'GET /ws HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['tcp', `{"jsonrpc":"2.0","id":1,"method":"authenticate","params":{"token":"${ADMIN_KEY}"}}\n`],
  ] as const)('say nothing at %s to who speaks no TLS', async (door, words) => {
    const socket = connectPlain(portOf(door), '127.0.0.1');
    socket.write(words);
    const said = await text(socket).catch(() => '');
    expect(said).not.toMatch(/HTTP|jsonrpc/);
  });

  describe('and a client certificate', () => {
    it.each(doors)('know its principal at %s, without a token, at each call', async (door) => {
      const client = await entered(door, 'orders');
      expect(await listed(client)).toMatchObject(hasTools);
      const unknown = await client.request('tools/call', { name: 'nothing' });
      const { correlation_id: id } = unknown!.error!.data as { correlation_id: string };
      expect(auditRecords(booted.dataDir).find((record) => record.correlation_id === id)).toMatchObject({
        door,
        principal: { id: 'certificate:orders', name: 'orders', role: 'service' },
        key_id: `certificate:${fingerprint(shown.orders).replaceAll(':', '').toLowerCase()}`,
      });
    });

    it('refuse it at the upgrade where it is good for nobody, and no certificate at all', async () => {
      const refusals = await Promise.all(
        (['nobody', 'foreign', undefined] as const).map((who) => refusedUpgrade(urlOf('ws'), upgrading(who))),
      );
      expect(refusals.map(({ status }) => status)).toEqual([401, 401, 401]);
    });

    it.each<[Who | undefined, unknown]>([
      ['nobody', undefined],
      ['foreign', undefined],
      [undefined, undefined],
      ['orders', 'wrong'],
      ['orders', ''],
      ['orders', null],
      ['orders', 7],
    ])('refuse at TCP the certificate of %s with the token %j', async (who, token) => {
      const client = await tcp(who);
      expect(await client.authenticate(token)).toMatchObject({
        error: { code: -32000, message: 'Authentication failed' },
      });
      await client.over;
    });

    it('refuse a good one beside a bad key at the upgrade', async () => {
      const { status } = await refusedUpgrade(urlOf('ws'), { ...upgrading('orders'), key: 'wrong' });
      expect(status).toBe(401);
    });

    it('ask at TCP for `authenticate` all the same', async () => {
      const client = await tcp('orders');
      expect(await listed(client)).toMatchObject({ error: { message: 'Authentication required' } });
    });

    it('close what it has opened once it is revoked, and let others be', async () => {
      const clients = await Promise.all(doors.map((door) => entered(door, 'leaver')));
      const other = await entered('ws', undefined, ADMIN_KEY);
      writeFileSync(crl(), await revocationList(ca, [shown.leaver]));
      await booted.gateway.app.get(TlsContexts).renew();
      await Promise.all(clients.map((client) => client.over));
      expect(other.ended).toBe(false);
      await expect(refusedUpgrade(urlOf('ws'), upgrading('leaver'))).resolves.toMatchObject({ status: 401 });
      const again = await tcp('leaver');
      expect(await again.authenticate()).toMatchObject({ error: { message: 'Authentication failed' } });
    });
  });

  describe('and a stranger who never shakes hands', () => {
    it('let others through at TCP, and hold no more than TCP_MAX_CONNECTIONS of his', async () => {
      const { sockets } = await silent(portOf('tcp'), 3 * MOST);
      expect(await listed(await entered('tcp', 'orders'))).toMatchObject(hasTools);
      await expect.poll(() => sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(MOST);
      for (const socket of sockets) socket.destroy();
    });

    it('end his connection in time at TCP: the handshake is part of the greeting', async () => {
      const before = performance.now();
      const { gone } = await silent(portOf('tcp'), 1);
      await gone[0];
      expect(performance.now() - before).toBeLessThan(2 * TIMEOUT_MS);
    });

    it('count him at the WebSocket from his first byte on', async () => {
      const reasons: TurnedAwayFor[] = [];
      booted.gateway.app.get(TurnedAway).watch((reason) => reasons.push(reason));
      const { sockets, gone } = await silent(portOf('ws'), 260);
      await Promise.any(gone);
      await expect.poll(() => reasons).toContain('excess');
      for (const socket of sockets) socket.destroy();
      await Promise.all(gone);
    });
  });

  it('show a new certificate to the next client, and go on with those who are there', async () => {
    const clients = await Promise.all(doors.map((door) => entered(door, undefined, ADMIN_KEY)));
    const next = await certificate();
    sslSettings(folder.path, next);
    await booted.gateway.app.get(TlsContexts).renew();
    const now = await Promise.all(
      doors.map((door) => shownCertificate(urlOf(door).replace(/^\w+/, 'https'))),
    );
    expect(now.map(({ fingerprint256 }) => fingerprint256)).toEqual([fingerprint(next), fingerprint(next)]);
    for (const client of clients) expect(await listed(client)).toMatchObject(hasTools);
    server = next;
  });
});

describe('a gateway with TLS that ends', () => {
  it('waits for nobody who has not shaken hands', async () => {
    await using folder = await scratchFolder();
    const env = { ...sslSettings(folder.path, await certificate()), REQUEST_TIMEOUT_MS: '10000' };
    const booted = await bootGateway(databases[0]!, { env });
    const { webSocketPort, tcpPort } = booted.gateway;
    const sockets = [webSocketPort!, tcpPort!].map((port) => connectPlain(port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const before = performance.now();
    await booted.close();
    expect(performance.now() - before).toBeLessThan(5_000);
    await Promise.all(sockets.map(async (socket) => socket.closed || once(socket.resume(), 'close')));
  });
});

function fingerprint({ cert }: Pair): string {
  return new X509Certificate(cert).fingerprint256;
}

function listed(client: SocketClient): Promise<Told | undefined> {
  return client.request('tools/list');
}

/** Connections on which not a byte is said. */
async function silent(port: number, count: number) {
  const sockets = Array.from({ length: count }, () => connectPlain(port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => undefined);
  const gone = sockets.map((socket) => once(socket, 'close'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return { sockets, gone };
}
