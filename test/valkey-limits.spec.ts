import { afterEach, describe, expect, it } from 'vitest';
import { databases, ValkeyServer, type ValkeyOptions } from '#testing';
import { ThrottleStore, type SharedThrottleStore } from '#throttle';
import { journalEntries } from './support/audit-records.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';

const [embedded] = databases;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function server(options?: ValkeyOptions): Promise<ValkeyServer> {
  const started = await ValkeyServer.start(options);
  cleanups.push(() => started.remove());
  return started;
}

async function boot(env: Record<string, string>): Promise<TestGateway> {
  const gateway = await bootGateway(embedded!, {
    env: { VALKEY_RETRY_MAX_MS: '100', RATE_LIMIT_OPERATIONS: 'keys.list=10/600', ...env },
  });
  cleanups.push(() => gateway.close());
  return gateway;
}

/** How many of so many calls of the same administrator got through; the others met the limit. */
async function admitted(calls: number, { client }: TestGateway): Promise<number> {
  const statuses: number[] = [];
  for (let call = 0; call < calls; call++) statuses.push((await client.rest('/admin/keys')).status);
  expect(statuses.every((status) => [200, 429].includes(status))).toBe(true);
  return statuses.filter((status) => status === 200).length;
}

/** The events of the audit trail that tell of the limits. */
const turnsOf = ({ dataDir }: TestGateway): string[] =>
  journalEntries(dataDir)
    .map(({ event }) => event)
    .filter((event) => event?.startsWith('rate_limits_'));

const metric = async ({ managementClient }: TestGateway, name: string): Promise<string | undefined> =>
  String((await managementClient.rest('/metrics')).body)
    .split('\n')
    .find((line) => line.startsWith(name));

describe('two gateways beside one Valkey', () => {
  it('have one limit together, a share each while it is away, and one again', async () => {
    const valkey = await server();
    const env = { VALKEY_URL: valkey.url };
    const [a, b] = [await boot(env), await boot(env)];
    const store = a.gateway.app.get(ThrottleStore, { strict: false }) as SharedThrottleStore;
    await expect.poll(() => store.replicas, { timeout: 20_000 }).toBe(2);
    expect([await admitted(6, a), await admitted(9, b)]).toEqual([6, 4]);

    await valkey.kill();
    await expect.poll(() => turnsOf(a)).toEqual(['rate_limits_divided']);
    expect(await metric(a, 'gatehouse_valkey_up{connection="state"}')).toMatch(/ 0$/);
    expect(await metric(a, 'gatehouse_rate_limits_divided')).toMatch(/ 1$/);
    expect([await admitted(3, a), await admitted(3, b)]).toEqual([0, 1]);

    await valkey.restart();
    await expect
      .poll(() => turnsOf(b), { timeout: 20_000 })
      .toEqual(['rate_limits_divided', 'rate_limits_shared']);
    await expect.poll(() => metric(a, 'gatehouse_rate_limits_divided')).toMatch(/ 0$/);
    expect([await admitted(8, b), await admitted(6, a)]).toEqual([8, 2]);
  });

  it('start beside one that refuses their password, and use it once the cause is gone', async () => {
    const valkey = await server({ password: 'right-password' });
    const begun = performance.now();
    const gateway = await boot({
      VALKEY_URL: valkey.url,
      VALKEY_PASSWORD: 'other-password',
      RATE_LIMIT_REPLICAS: '5',
    });
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(await admitted(4, gateway)).toBe(2);
    await valkey.restart({ password: 'other-password' });
    await expect
      .poll(() => turnsOf(gateway), { timeout: 20_000 })
      .toEqual(['rate_limits_divided', 'rate_limits_shared']);
    expect(await admitted(12, gateway)).toBe(10);
  });
});
