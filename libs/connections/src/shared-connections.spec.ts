import { afterEach, describe, expect, it } from 'vitest';
import { openValkey, useValkey } from '#testing';
import type { StateConnection } from '#valkey';
import type { Connected } from './connected.ts';
import { SharedConnections } from './shared-connections.ts';

const LEASE_MS = 1_000;
const BEAT_MS = 100;
const replicas = ['0'.repeat(12), '1'.repeat(12)] as const;

const connectedAt = (replica: string): Connected => ({
  id: `${replica}-${'a'.repeat(12)}`,
  door: 'ws',
  address: '192.0.2.1',
  principal: undefined,
  since: 0,
  lastActiveAt: 0,
  calls: 0,
  doing: [],
  close: () => undefined,
});

const seenBy = async (shared: SharedConnections) => (await shared.others()).map(({ id }) => id);

describe('what replicas know of each other', () => {
  const valkey = useValkey();
  const connections: StateConnection[] = [];
  const sides: SharedConnections[] = [];
  afterEach(async () => {
    for (const one of sides.splice(0)) await one.shutdown();
    for (const connection of connections.splice(0)) connection.close();
  });

  async function side(replica: string): Promise<SharedConnections> {
    const connection = await openValkey({ VALKEY_URL: valkey().url });
    connections.push(connection);
    const one = connectedAt(replica);
    const shared = new SharedConnections({
      connection,
      replica,
      own: new Map([[one.id, one]]),
      close: () => undefined,
      leaseMs: LEASE_MS,
      beatMs: BEAT_MS,
    });
    sides.push(shared);
    return shared;
  }

  it('is forgotten once one of them has died', async () => {
    const [living] = [await side(replicas[0]), await side(replicas[1])];
    await expect.poll(() => seenBy(living)).toEqual([connectedAt(replicas[1]).id]);
    connections.pop()!.close();
    await expect.poll(() => seenBy(living)).toEqual([]);
    const { client, namespace } = connections[0]!;
    await expect.poll(() => client.keys(`${namespace}:connections*`)).toHaveLength(2);
  });

  it('is written again where Valkey has lost it', async () => {
    const [one] = [await side(replicas[0]), await side(replicas[1])];
    await expect.poll(() => seenBy(one)).toHaveLength(1);
    const { client, namespace } = connections[0]!;
    await client.del(`${namespace}:connections:${replicas[1]}`);
    await expect.poll(() => seenBy(one)).toHaveLength(1);
  });
});
