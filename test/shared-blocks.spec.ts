import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, useValkey } from '#testing';
import { codeOf } from './support/doors.ts';
import { ADMIN_KEY, bootGateway, type TestGateway } from './support/gateway.ts';
import type { Answer, GatewayClient } from './support/gateway-client.ts';

const embedded = databases[0]!;
const env = {
  AUTO_BLOCK_ENABLED: 'true',
  TRUSTED_PROXIES: '127.0.0.1',
  RATE_LIMIT_GLOBAL_MAX: '1000000',
  VALKEY_RETRY_MAX_MS: '200',
};
const BLOCKED = [403, 'ADDRESS_BLOCKED'];
const seen = (answer: Answer) => [answer.status, codeOf(answer)];

async function call(client: GatewayClient, address: string, key = ADMIN_KEY) {
  return seen(await client.rest('/conversations', { key, headers: { 'x-forwarded-for': address } }));
}
async function guess(client: GatewayClient, address: string, times = 3): Promise<void> {
  for (let time = 0; time < times; time++) await call(client, address, 'gk_wrong');
}

async function expectSoon({ client }: TestGateway, address: string, what: unknown[]): Promise<void> {
  await expect.poll(() => call(client, address), { timeout: 5_000, interval: 100 }).toEqual(what);
}
async function listed({ client }: TestGateway): Promise<string[]> {
  const { blocks } = (await client.rest('/admin/blocks')).body as { blocks: { address: string }[] };
  return blocks.map(({ address }) => address).toSorted();
}

describe('two gateways beside one Valkey', () => {
  const valkey = useValkey();
  let one: TestGateway;
  let two: TestGateway;
  beforeAll(async () => {
    const shared = { env: { ...env, VALKEY_URL: valkey().url } };
    [one, two] = [await bootGateway(embedded, shared), await bootGateway(embedded, shared)];
  }, 120_000);
  afterAll(async () => {
    await one?.close();
    await two?.close();
  });
  it('share a block, and its end', async () => {
    await guess(one.client, '192.0.2.1');
    expect(await call(one.client, '192.0.2.1')).toEqual(BLOCKED);
    await expectSoon(two, '192.0.2.1', BLOCKED);
    await two.client.rest('/admin/blocks/192.0.2.1', { method: 'DELETE' });
    await expectSoon(one, '192.0.2.1', [200, undefined]);
    await guess(one.client, '192.0.2.1', 2);
    expect(await call(one.client, '192.0.2.1')).toEqual([200, undefined]);
  });

  it('count the guesses of one address together', async () => {
    await guess(one.client, '192.0.2.2', 2);
    await guess(two.client, '192.0.2.2', 1);
    await expectSoon(one, '192.0.2.2', BLOCKED);
    await expectSoon(two, '192.0.2.2', BLOCKED);
  });

  it('spare on both the good keys of an address where one of them has seen one', async () => {
    expect(await call(one.client, '192.0.2.3')).toEqual([200, undefined]);
    await sleep(100);
    await guess(two.client, '192.0.2.3', 2);
    await guess(one.client, '192.0.2.3', 3);
    await expect
      .poll(() => call(two.client, '192.0.2.3', 'gk_wrong'), { timeout: 5_000, interval: 100 })
      .toEqual(BLOCKED);
    expect(await call(two.client, '192.0.2.3')).toEqual([200, undefined]);
  });

  it('show the same list, and an administrator’s block on both', async () => {
    await one.client.rest('/admin/blocks', { body: { address: '192.0.2.4' } });
    await expectSoon(two, '192.0.2.4', BLOCKED);
    expect(await listed(two)).toEqual(await listed(one));
  });

  it('go on blocking by themselves while it is frozen or gone, and tell each other once it is back', async () => {
    valkey().freeze();
    await guess(one.client, '192.0.2.10');
    expect(await call(one.client, '192.0.2.10')).toEqual(BLOCKED);
    expect(await call(one.client, '192.0.2.4')).toEqual(BLOCKED);
    valkey().thaw();
    await expectSoon(two, '192.0.2.10', BLOCKED);

    await valkey().kill();
    await guess(two.client, '192.0.2.11');
    expect(await call(two.client, '192.0.2.11')).toEqual(BLOCKED);
    expect(await call(two.client, '192.0.2.10')).toEqual(BLOCKED);
    expect(await call(one.client, '192.0.2.11')).toEqual([200, undefined]);
    await two.client.rest('/admin/blocks/192.0.2.10', { method: 'DELETE' });
    expect(await call(two.client, '192.0.2.10')).toEqual([200, undefined]);

    // Empty: what it knew, it learns again from them.
    await valkey().restart();
    await expectSoon(one, '192.0.2.11', BLOCKED);
    await sleep(1_500);
    expect(await call(two.client, '192.0.2.4')).toEqual(BLOCKED);
    expect(await call(one.client, '192.0.2.4')).toEqual(BLOCKED);
  });

  it('teach a third one that starts later', async () => {
    const third = await bootGateway(embedded, { env: { ...env, VALKEY_URL: valkey().url } });
    try {
      expect(await call(third.client, '192.0.2.4')).toEqual(BLOCKED);
    } finally {
      await third.close();
    }
  });
});

describe('a gateway that starts again', () => {
  it('still blocks, without Valkey, until an administrator lifts it', async () => {
    const database = await embedded.create();
    const kept = { ...embedded, create: async () => ({ ...database, remove: async () => undefined }) };
    try {
      const first = await bootGateway(kept, { env });
      await guess(first.client, '192.0.2.20');
      await first.close();
      const second = await bootGateway(kept, { env });
      try {
        expect(await call(second.client, '192.0.2.20')).toEqual(BLOCKED);
        const { blocks } = (await second.client.rest('/admin/blocks')).body as { blocks: object[] };
        expect(blocks).toMatchObject([{ address: '192.0.2.20', kind: 'authentication', strikes: 1 }]);
        await second.client.rest('/admin/blocks/192.0.2.20', { method: 'DELETE' });
        expect(await call(second.client, '192.0.2.20')).toEqual([200, undefined]);
      } finally {
        await second.close();
      }
    } finally {
      await database.remove();
    }
  });
});
