import { afterEach, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { Database } from '#persistence';
import { databases } from '#testing';
import { journalEntries } from './support/audit-records.ts';
import { useGateway, type TestGateway } from './support/gateway.ts';
import type { SocketClient } from './support/socket-client.ts';
import { openSocket, type SocketDoorName } from './support/socket-transport.ts';

const KEYS = 60;
const doors: readonly SocketDoorName[] = ['ws', 'tcp'];
const env = {
  // The guard against strangers who guess stays on: those here have guessed nothing.
  AUTO_BLOCK_ENABLED: 'true',
  WS_MAX_CONNECTIONS: String(2 * KEYS),
  TCP_MAX_CONNECTIONS: String(2 * KEYS),
  RATE_LIMIT_ADDRESS_MAX: '1000000',
  RATE_LIMIT_GLOBAL_MAX: '1000000',
  RATE_LIMIT_CLIENT_MAX: '1000000',
};

interface Holder {
  id: string;
  client: SocketClient;
}

const open: SocketClient[] = [];
afterEach(async () => {
  for (const client of open) client.drop();
  await Promise.all(open.splice(0).map((client) => client.over));
});

let serial = 0;
async function holder(gateway: TestGateway, door: SocketDoorName): Promise<Holder> {
  const body = { name: `holder ${++serial}`, role: 'service' };
  const { id, key } = (await gateway.client.rest('/admin/keys', { body })).body as {
    id: string;
    key: string;
  };
  const client = await openSocket(gateway, door, key);
  open.push(client);
  return { id, client };
}

const holders = (...of: Parameters<typeof holder>) =>
  Promise.all(Array.from({ length: KEYS }, () => holder(...of)));
const gone = (all: readonly Holder[]) => Promise.all(all.map(({ client }) => client.over));

describe.each(doors)('many keys that are connected at door %s', (door) => {
  const gateway = useGateway(databases[0]!, { env });

  it('are revoked, all of one address: each loses its connection, and the address is not blocked for it', async () => {
    const all = await holders(gateway(), door);
    const other = await holder(gateway(), door);
    const answers = await Promise.all(
      all.map(({ id }) => gateway().client.rest(`/admin/keys/${id}`, { method: 'DELETE' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await gone(all);
    expect(await other.client.request('ping')).toMatchObject({ result: {} });
    const refused = journalEntries(gateway().dataDir).filter(({ event }) => event === 'invalid_auth');
    expect(refused).toHaveLength(KEYS);
    expect(await gateway().client.rest('/admin/blocks')).toMatchObject({ body: { blocks: [] } });
  });

  it('lose them when their keys are revoked in the database, and nobody says so', async () => {
    const all = await holders(gateway(), door);
    const { kysely } = gateway().gateway.app.get(Database);
    const ids = all.map(({ id }) => id);
    await sql`update api_keys set revoked_at = now() where id = any(${ids}::text[])`.execute(kysely);
    await gone(all);
    expect(all.filter(({ client }) => !client.ended)).toEqual([]);
  });
});
