import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databases, useValkey } from '#testing';
import { SlowModule, SlowTools } from './fixtures/slow.module.ts';
import { journalEntries } from './support/audit-records.ts';
import { ADMIN_KEY, bootGateway, useGateway, type TestGateway } from './support/gateway.ts';
import { head, RawConnection } from './support/raw-connection.ts';
import { refusedUpgrade, TcpClient, WebSocketClient, type SocketClient } from './support/socket-client.ts';
import { openSocket } from './support/socket-transport.ts';

const embedded = databases[0]!;
const open: SocketClient[] = [];
afterEach(async () => {
  for (const client of open) client.drop();
  await Promise.all(open.splice(0).map((client) => client.over));
});
async function kept<C extends SocketClient>(client: Promise<C>): Promise<C> {
  open.push(await client);
  return client;
}

interface Listed {
  id: string;
  door: string;
  address: string;
  principal: { name: string } | null;
  doing: string[];
  calls: number;
}
async function listed({ client }: TestGateway, key?: string): Promise<Listed[]> {
  const { body } = await client.rest('/admin/connections', { key });
  return (body as { connections: Listed[] }).connections;
}
const close = ({ client }: TestGateway, id: string, key?: string) =>
  client.rest(`/admin/connections/${id}`, { method: 'DELETE', key });

const isOpen = ({ ended }: SocketClient) => !ended;
/** As a proxy at this address says whom it speaks for. */
const from = (address: string, key: string = ADMIN_KEY, localAddress = '127.0.0.1') => ({
  key,
  localAddress,
  headers: { 'x-forwarded-for': address },
});

const behind = (address: string) => from(address, ADMIN_KEY, '127.0.0.2');

describe('the open connections of a gateway', () => {
  const gateway = useGateway(embedded, { features: [SlowModule] });

  it('are listed, with who it is and what he does, for those who may see that', async () => {
    const ws = await kept(openSocket(gateway(), 'ws', ADMIN_KEY));
    await kept(openSocket(gateway(), 'tcp', await gateway().createKey()));
    void ws.request('tools/call', { name: 'wait', arguments: { milliseconds: 5_000 } });
    await expect.poll(() => gateway().gateway.app.get(SlowTools).calls.length).toBe(1);
    const auditor = await gateway().createKey({ role: 'auditor' });
    expect(await listed(gateway(), auditor)).toMatchObject([
      { door: 'tcp', address: '127.0.0.1', calls: 0, doing: [], principal: { role: 'service' } },
      { door: 'ws', principal: { name: 'GATEHOUSE_API_KEY' }, calls: 1, doing: ['wait'] },
    ]);
    const service = await gateway().createKey();
    expect((await gateway().client.rest('/admin/connections', { key: service })).status).toBe(403);
    const [{ id }] = (await listed(gateway())) as [Listed];
    expect((await close(gateway(), id, auditor)).status).toBe(403);
  });

  it('are closed by an administrator, on record', async () => {
    const client = await kept(openSocket(gateway(), 'ws', ADMIN_KEY));
    const [{ id }] = (await listed(gateway())) as [Listed];
    const answer = await close(gateway(), id);
    expect(answer).toMatchObject({ status: 200, body: { closed: { id, door: 'ws' } } });
    expect(await client.over).toEqual({ code: 1008, reason: 'Closed by an administrator' });
    expect(await gateway().recordOf(answer)).toMatchObject({
      event: 'connection_ended',
      notes: { connection: id },
    });
    await expect.poll(() => listed(gateway())).toEqual([]);
    expect((await close(gateway(), id)).status).toBe(404);
    expect((await close(gateway(), 'nonsense')).status).toBe(400);
  });
});

describe('how many may be connected', () => {
  const gateway = useGateway(embedded, {
    env: { MAX_CONNECTIONS_PER_ADDRESS: '10', WS_MAX_CONNECTIONS: '8', TRUSTED_PROXIES: '127.0.0.2' },
  });
  const limits = () => journalEntries(gateway().dataDir).filter(({ event }) => event === 'connection_limit');

  it('of one address is bounded over all doors, and leaves one record for many', async () => {
    // Of what the client of this test itself keeps open, there are at most two.
    const opening = Array.from({ length: 40 }, () => TcpClient.connect(gateway().gateway.tcpPort!));
    const clients = await Promise.all(opening.map(kept));
    await expect.poll(() => clients.filter(isOpen).length).toBeLessThanOrEqual(10);
    const http = await RawConnection.open(gateway().gateway.url);
    http.send(head('GET /health'));
    expect(await http.answer()).toMatchObject({ status: 503 });
    await expect.poll(limits).toHaveLength(1);
    expect(limits()[0]).toMatchObject({ ip: '127.0.0.1', result: 'refused', severity: 'MEDIUM' });
    const one = clients.find(isOpen);
    for (const client of clients) client.drop();
    await one!.over;
    await expect
      .poll(async () => {
        const again = await RawConnection.open(gateway().gateway.url);
        const answer = await again.send(head('GET /health')).answer();
        again.drop();
        return answer?.status;
      })
      .toBe(200);
  });

  it('behind a proxy is bounded by client, not by proxy', async () => {
    const url = `ws://127.0.0.1:${gateway().gateway.webSocketPort}/ws`;
    const eight = Array.from({ length: 8 }, (_, one) =>
      kept(WebSocketClient.open(url, behind(`192.0.2.${one}`))),
    );
    await Promise.all(eight);
    expect((await listed(gateway())).map(({ address }) => address)).toContain('192.0.2.3');
    expect(await refusedUpgrade(url, behind('192.0.2.9'))).toMatchObject({ code: 'TOO_MANY_CONNECTIONS' });
  });
});

describe('an address that is blocked', () => {
  const gateway = useGateway(embedded, {
    env: { AUTO_BLOCK_ENABLED: 'true', TRUSTED_PROXIES: '127.0.0.1' },
  });
  const url = () => `ws://127.0.0.1:${gateway().gateway.webSocketPort}/ws`;

  it('was, for bad tokens at the WebSocket, and gets 403 there before anything else', async () => {
    for (let attempt = 0; attempt < 3; attempt++)
      expect(await refusedUpgrade(url(), from('192.0.2.1', 'gk_wrong'))).toMatchObject({ status: 401 });
    const options = from('192.0.2.1', ADMIN_KEY);
    const headers = { ...options.headers, origin: 'https://evil.test' };
    const refused = await refusedUpgrade(url(), { ...options, headers });
    expect(refused).toMatchObject({ status: 403, code: 'ADDRESS_BLOCKED' });
    expect((await gateway().client.rest('/health', { headers: options.headers })).status).toBe(403);
  });

  it('loses the connections that it has with its next word', async () => {
    const client = await kept(WebSocketClient.open(url(), from('192.0.2.2', ADMIN_KEY)));
    await gateway().client.rest('/admin/blocks', { body: { address: '192.0.2.2' } });
    client.send('{}');
    expect(await client.over).toMatchObject({ code: 1008, reason: 'This address is blocked' });
  });
});

describe('at the TCP port, an address that keeps failing', () => {
  const gateway = useGateway(embedded, { env: { AUTO_BLOCK_ENABLED: 'true' } });

  it('is blocked, and its connections are cut unread in the end', async () => {
    const attempt = async () => {
      const client = await kept(TcpClient.connect(gateway().gateway.tcpPort!));
      return (await client.authenticate('gk_wrong'))?.error?.message ?? 'cut';
    };
    const told: string[] = [];
    for (let time = 0; time < 110; time++) told.push(await attempt());
    expect(told.slice(0, 4)).toEqual([...Array(3).fill('Authentication failed'), 'This address is blocked']);
    expect(told.at(-1)).toBe('cut');
    const failures = journalEntries(gateway().dataDir).filter(({ event }) => event === 'tcp_auth_failed');
    expect(failures.length).toBeLessThanOrEqual(3);
  });
});

describe('two gateways beside one Valkey', () => {
  const valkey = useValkey();
  let one: TestGateway;
  let two: TestGateway;
  beforeAll(async () => {
    const shared = { env: { VALKEY_URL: valkey().url, VALKEY_RETRY_MAX_MS: '200' } };
    [one, two] = [await bootGateway(embedded, shared), await bootGateway(embedded, shared)];
  }, 120_000);
  afterAll(async () => {
    await one?.close();
    await two?.close();
  });

  it('list the connections of both, and close those of the other', async () => {
    const [first, second] = [
      await kept(openSocket(one, 'ws', ADMIN_KEY)),
      await kept(openSocket(two, 'tcp', ADMIN_KEY)),
    ];
    for (const gateway of [one, two])
      await expect
        .poll(async () => (await listed(gateway)).map(({ door }) => door).toSorted())
        .toEqual(['tcp', 'ws']);
    const elsewhere = (await listed(one)).find(({ door }) => door === 'tcp')!;
    expect((await close(one, elsewhere.id)).status).toBe(200);
    await second.over;
    expect(await listed(one)).toMatchObject([{ door: 'ws' }]);
    await expect.poll(() => listed(two)).toMatchObject([{ door: 'ws' }]);
    expect(first.ended).toBe(false);
  });

  it('list their own while Valkey is away, and each other’s again when it is back', async () => {
    await kept(openSocket(one, 'ws', ADMIN_KEY));
    await expect.poll(() => listed(two)).toHaveLength(1);
    const [{ id }] = (await listed(two)) as [Listed];
    await valkey().kill();
    await expect.poll(() => listed(two)).toHaveLength(0);
    expect(await listed(one)).toHaveLength(1);
    expect((await close(two, id)).status).toBe(503);
    await valkey().restart();
    await expect.poll(() => listed(two), { timeout: 10_000 }).toHaveLength(1);
  });
});
