import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { journalEntries } from './support/audit-records.ts';
import { codeOf } from './support/doors.ts';
import { bootGateway, useGateway } from './support/gateway.ts';
import type { Answer, GatewayClient } from './support/gateway-client.ts';
import { head } from './support/raw-connection.ts';

const WRONG = 'gk_wrong';
const embedded = databases[0]!;
const env = {
  AUTO_BLOCK_ENABLED: 'true',
  RATE_LIMIT_ADDRESS_MAX: '1000000',
  RATE_LIMIT_GLOBAL_MAX: '1000000',
};

/** A call that a trusted proxy passes on. */
const from = (address: string, key?: string) => ({ key, headers: { 'x-forwarded-for': address } });
const seen = (answer: Answer) => [answer.status, codeOf(answer)];

async function guess(client: GatewayClient, address: string, times = 3): Promise<void> {
  for (let time = 0; time < times; time++) await client.rest('/conversations', from(address, WRONG));
}

describe('blocked addresses, behind a trusted proxy', () => {
  const gateway = useGateway(embedded, {
    features: [EchoModule],
    env: {
      ...env,
      TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8',
      BLOCK_ALLOW_LIST: '203.0.113.0/24,2001:db8:a::5',
      MAX_REFUSED_CALLS: '20',
      RATE_LIMIT_TIERS: 'free=2/1000',
    },
  });
  const recordsOf = (ip: string) => journalEntries(gateway().dataDir).filter((entry) => entry['ip'] === ip);

  it('are refused at each door once three keys were wrong, with a good key too, and nobody else is', async () => {
    const { client } = gateway();
    await guess(client, '192.0.2.1');
    const answers = [
      await client.rest('/conversations', from('192.0.2.1', WRONG)),
      await client.rest('/conversations', from('192.0.2.1')),
      await client.rest('/search', { ...from('192.0.2.1'), raw: 'no JSON' }),
      await client.rest('/nowhere', from('192.0.2.1', '')),
      await client.rest('/health', from('192.0.2.1', '')),
      await client.rpc('tools/list', {}, from('192.0.2.1')),
      await client.rpc('initialize', {}, { ...from('192.0.2.1'), revision: '2025-11-25' }),
    ];
    for (const answer of answers) {
      expect(seen(answer)).toEqual([403, 'ADDRESS_BLOCKED']);
      expect(answer.headers.get('connection')).toBe('close');
      expect(answer.headers.get('x-correlation-id')).toMatch(/^[\w-]{36}$/);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
    const { details } = answers[0]!.body as { details: { retry_after: number } };
    expect(details.retry_after).toBeGreaterThan(3_590);
    expect(details.retry_after).toBeLessThanOrEqual(3_600);
    expect((await client.rest('/conversations', from('192.0.2.2'))).status).toBe(200);
    expect((await client.rest('/conversations')).status).toBe(200);
  });

  it('leave the records of the guesses, one of the block, and a line that says BLOCKED', async () => {
    await expect.poll(() => recordsOf('192.0.2.1').length).toBe(4);
    const records = recordsOf('192.0.2.1');
    expect(records.filter(({ event }) => event === 'invalid_auth')).toHaveLength(3);
    expect(records.find(({ event }) => event === 'blocked_connection')).toMatchObject({
      action: 'BLOCKED',
      severity: 'HIGH',
      notes: { kind: 'authentication', seconds: 3600, strikes: 1 },
    });
    const log = join(gateway().dataDir, 'logs/security/blocked.log');
    await expect.poll(() => readFileSync(log, 'utf8')).toMatch(/"action":"BLOCKED".*192\.0\.2\.1/);
  });

  it('do not lock out a neighbour whose key is good, however many others guess', async () => {
    const { client } = gateway();
    const neighbour = from('192.0.2.3');
    expect((await client.rest('/conversations', neighbour)).status).toBe(200);
    await guess(client, '192.0.2.3', 10);
    expect(seen(await client.rest('/conversations', from('192.0.2.3', WRONG)))).toEqual([
      403,
      'ADDRESS_BLOCKED',
    ]);
    expect(seen(await client.rest('/conversations', from('192.0.2.3', '')))).toEqual([
      403,
      'ADDRESS_BLOCKED',
    ]);
    expect((await client.rest('/conversations', neighbour)).status).toBe(200);
    expect((await client.rpc('tools/list', {}, neighbour)).status).toBe(200);
    // Another key of the house, which was never seen there.
    const key = await gateway().createKey();
    expect((await client.rest('/conversations', from('192.0.2.3', key))).status).toBe(200);
  });

  it('are blocked for what they send without a key, and one by one for what is over their limit', async () => {
    const { client, createKey } = gateway();
    for (let time = 0; time < 20; time++) await client.rest('/nowhere', from('192.0.2.4', ''));
    expect(seen(await client.rest('/nowhere', from('192.0.2.4', '')))).toEqual([403, 'ADDRESS_BLOCKED']);

    const [greedy, modest] = [await createKey({ tier: 'free' }), await createKey({ tier: 'free' })];
    for (let time = 0; time < 22; time++)
      await client.rest('/echo', { ...from('192.0.2.5', greedy), body: { text: 'a' } });
    expect(seen(await client.rest('/echo', { ...from('192.0.2.5', greedy), body: { text: 'a' } }))).toEqual([
      403,
      'ADDRESS_BLOCKED',
    ]);
    expect((await client.rest('/echo', { ...from('192.0.2.5', modest), body: { text: 'a' } })).status).toBe(
      201,
    );
    expect((await client.rest('/health', from('192.0.2.5', ''))).status).toBe(200);
    expect(seen(await client.rest('/echo', { ...from('192.0.2.6', greedy), body: { text: 'a' } }))).toEqual([
      429,
      undefined,
    ]);
  });

  it.each([
    ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8:0:1::1'],
    ['::ffff:198.51.100.1', '198.51.100.1', '198.51.100.2'],
    ['[2001:db8:7::1]:4711', '2001:DB8:7::2', '2001:db8:8::1'],
    ['198.51.100.3:1234', '198.51.100.3:99', '198.51.100.4:1234'],
  ])('are one with what stands for them: %s with %s, but not %s', async (guesses, same, other) => {
    const { client } = gateway();
    await guess(client, guesses);
    expect(seen(await client.rest('/conversations', from(same)))).toEqual([403, 'ADDRESS_BLOCKED']);
    expect((await client.rest('/conversations', from(other))).status).toBe(200);
  });

  it('are told by the last hop that is no proxy of ours, whatever a client has written before it', async () => {
    const { client } = gateway();
    for (const claimed of ['198.51.100.20', '10.1.1.1', 'nonsense', '']) {
      await client.rest('/conversations', from(`${claimed}, 198.51.100.10`, WRONG));
    }
    expect((await client.rest('/conversations', from('198.51.100.20'))).status).toBe(200);
    expect(seen(await client.rest('/conversations', from('198.51.100.10, 10.2.2.2')))).toEqual([
      403,
      'ADDRESS_BLOCKED',
    ]);
  });

  it.each(['unknown', '1.2.3', '999.1.1.1', '"><script>', 'a'.repeat(2_000), ', ,', '_hidden'])(
    'are never the proxy, whose calls these are that name no client: "%s"',
    async (nonsense) => {
      const { client, recordOf } = gateway();
      const answers = [];
      for (let time = 0; time < 4; time++)
        answers.push(await client.rest('/conversations', from(nonsense, WRONG)));
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
      expect(answers.map(codeOf)).toEqual(Array(4).fill('CREDENTIAL_UNKNOWN'));
      expect((await recordOf(answers[3]!))?.['ip']).toBe('127.0.0.1');
    },
  );

  it('are none of BLOCK_ALLOW_LIST, though their neighbours may be', async () => {
    const { client } = gateway();
    for (const address of ['203.0.113.9', '2001:db8:a::5', '::ffff:203.0.113.10']) {
      await guess(client, address, 5);
      expect((await client.rest('/conversations', from(address))).status).toBe(200);
    }
    await guess(client, '2001:db8:a::6');
    expect(seen(await client.rest('/conversations', from('2001:db8:a::6', WRONG)))).toEqual([
      403,
      'ADDRESS_BLOCKED',
    ]);
    expect((await client.rest('/conversations', from('2001:db8:a::5'))).status).toBe(200);
  });

  describe('and their administrator', () => {
    it('adds, lists and lifts blocks, each of which is recorded', async () => {
      const { client, recordOf } = gateway();
      const added = await client.rest('/admin/blocks', {
        body: { address: '2001:db8:9::1', duration_seconds: 60 },
      });
      expect(added.status).toBe(201);
      expect(added.body).toMatchObject({
        address: '2001:db8:9::/64',
        kind: 'manual',
        strikes: 0,
        by: 'configured-admin',
      });
      expect(await recordOf(added)).toMatchObject({
        event: 'block_added',
        notes: { subject_address: '2001:db8:9::1' },
      });
      expect(seen(await client.rest('/conversations', from('2001:db8:9::2')))).toEqual([
        403,
        'ADDRESS_BLOCKED',
      ]);

      const { blocks, total } = (await client.rest('/admin/blocks?limit=1')).body as {
        blocks: { address: string }[];
        total: number;
      };
      expect(blocks.map(({ address }) => address)).toEqual(['2001:db8:9::/64']);
      expect(total).toBeGreaterThan(1);

      const lifted = await client.rest(`/admin/blocks/${encodeURIComponent('2001:db8:9::/64')}`, {
        method: 'DELETE',
      });
      expect(lifted).toMatchObject({ status: 200, body: { lifted: [{ address: '2001:db8:9::/64' }] } });
      expect((await recordOf(lifted))?.event).toBe('block_lifted');
      expect((await client.rest('/conversations', from('2001:db8:9::2'))).status).toBe(200);
    });

    it('lifts an automatic one, which starts anew at three', async () => {
      const { client } = gateway();
      await guess(client, '192.0.2.40');
      expect((await client.rest('/admin/blocks/192.0.2.40', { method: 'DELETE' })).status).toBe(200);
      await guess(client, '192.0.2.40', 2);
      expect((await client.rest('/conversations', from('192.0.2.40'))).status).toBe(200);
      expect((await client.rest('/admin/blocks/192.0.2.40', { method: 'DELETE' })).status).toBe(404);
    });

    it('is told what can not be', async () => {
      const { client, createKey } = gateway();
      const add = async (address: unknown) => seen(await client.rest('/admin/blocks', { body: { address } }));
      expect(await add('203.0.113.9')).toEqual([409, 'CONFLICT']);
      expect(await add('10.0.0.1')).toEqual([409, 'CONFLICT']);
      for (const address of ['nobody', '192.0.2.0/24', '1.2.3.4/64', '2001:db8::/48', '']) {
        expect(await add(address)).toEqual([400, 'INVALID_INPUT']);
      }
      const self = { ...from('198.51.100.77'), body: { address: '198.51.100.77' } };
      expect(seen(await client.rest('/admin/blocks', self))).toEqual([409, 'CONFLICT']);
      const auditor = await createKey({ role: 'auditor' });
      expect((await client.rest('/admin/blocks', { key: auditor })).status).toBe(200);
      expect(
        (await client.rest('/admin/blocks', { key: auditor, body: { address: '192.0.2.9' } })).status,
      ).toBe(403);
    });

    it('gets in at the management port from a blocked address, and lifts it', async () => {
      const { client, managementClient } = gateway();
      await guess(client, '192.0.2.50');
      expect(
        (await managementClient.rest('/admin/blocks/192.0.2.50', { ...from('192.0.2.50'), method: 'DELETE' }))
          .status,
      ).toBe(200);
      expect((await client.rest('/conversations', from('192.0.2.50'))).status).toBe(200);
    });

    it('sees in the metrics how many there are', async () => {
      const { body } = await gateway().managementClient.rest('/metrics', { key: '' });
      expect(Number(/^gatehouse_blocked_addresses (\d+)$/m.exec(body as string)?.[1])).toBeGreaterThan(3);
    });
  });
});

/** What a socket gets that sends one request from an address of the loopback. */
async function knock(port: number, localAddress: string, key = WRONG): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  socket.end(head('GET /conversations', { authorization: `Bearer ${key}`, connection: 'close' }));
  return text(socket).catch(() => '');
}

describe('a flood of strangers', () => {
  it('is cut at the socket, and leaves a bounded number of records', async () => {
    const gateway = await bootGateway(embedded, { env });
    try {
      const port = Number(new URL(gateway.gateway.url).port);
      const answers = new Map<string, number>();
      for (let round = 0; round < 100; round++) {
        const lines = await Promise.all(Array.from({ length: 100 }, () => knock(port, '127.0.0.9')));
        for (const line of lines) {
          const kind = line === '' ? 'cut' : line.includes('ADDRESS_BLOCKED') ? 'blocked' : 'refused';
          answers.set(kind, (answers.get(kind) ?? 0) + 1);
        }
      }
      expect([...answers.values()].reduce((sum, count) => sum + count)).toBe(10_000);
      expect(answers.get('cut')).toBeGreaterThan(9_000);
      expect(answers.get('blocked')).toBeGreaterThan(50);
      expect((await gateway.client.rest('/conversations')).status).toBe(200);
      const before = journalEntries(gateway.dataDir).filter((entry) => entry['ip'] === '127.0.0.9');
      expect(before.length).toBeLessThanOrEqual(5);

      await gateway.gateway.close();
      const after = journalEntries(gateway.dataDir).filter((entry) => entry['ip'] === '127.0.0.9');
      expect(after.length).toBeLessThanOrEqual(6);
      const attempts = after.map(({ notes }) => (notes as { attempts?: number })?.attempts ?? 0);
      const own = after.filter(({ event }) => event === 'invalid_auth').length;
      expect(own + attempts.reduce((sum, count) => sum + count)).toBe(10_000);
    } finally {
      await gateway.close();
    }
  });

  it('is not believed about where it comes from where no proxy is trusted', async () => {
    const gateway = await bootGateway(embedded, { env });
    try {
      const { client } = gateway;
      expect((await client.rest('/conversations')).status).toBe(200);
      for (let time = 0; time < 5; time++)
        await client.rest('/conversations', from(`198.51.100.${time}`, WRONG));
      expect(seen(await client.rest('/conversations', from('198.51.100.99', WRONG)))).toEqual([
        403,
        'ADDRESS_BLOCKED',
      ]);
      expect((await client.rest('/conversations', from('198.51.100.1'))).status).toBe(200);
    } finally {
      await gateway.close();
    }
  });
});
