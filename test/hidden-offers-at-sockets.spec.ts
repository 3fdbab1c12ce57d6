import { afterEach, describe, expect, it } from 'vitest';
import { roles } from '#call';
import { Catalogue } from '#mcp';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { VaultModule } from './fixtures/vault.module.ts';
import { lastingDoors } from './support/doors.ts';
import { LEGACY, MODERN } from './support/gateway-client.ts';
import { useGateway } from './support/gateway.ts';
import { isHidden, offersOf, unlike } from './support/offers.ts';
import type { SocketClient, Told } from './support/socket-client.ts';
import { openSocket } from './support/socket-transport.ts';

const CAPABILITIES = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientCapabilities': CAPABILITIES,
};
const gateway = useGateway(databases[0]!, {
  features: [EchoModule, VaultModule],
  env: {
    RATE_LIMIT_CLIENT_MAX: '100000',
    RATE_LIMIT_GLOBAL_MAX: '1000000',
    RATE_LIMIT_ADDRESS_MAX: '1000000',
  },
});
const open: SocketClient[] = [];
afterEach(async () => {
  for (const client of open) client.drop();
  await Promise.all(open.splice(0).map((client) => client.over));
});

describe.each(lastingDoors)('what a role is never granted, at $name', ({ door, revision }) => {
  async function connected(key: string): Promise<SocketClient> {
    const client = await openSocket(gateway(), door, key);
    open.push(client);
    const clientInfo = { name: 'test', version: '1' };
    if (revision === LEGACY)
      await client.request('initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo });
    return client;
  }

  it.each(roles.filter((role) => role !== 'admin'))('answers %s as if it were not there', async (role) => {
    const client = await connected(await gateway().createKey({ role }));
    const meta = revision === MODERN ? { _meta: META } : {};
    const hidden = offersOf(gateway().gateway.app.get(Catalogue)).filter(({ operation }) =>
      isHidden(operation, role),
    );
    expect(hidden.length).toBeGreaterThan(0);
    for (const { name, asks } of hidden) {
      for (const { method, eras, params } of asks) {
        if (!eras.includes(revision)) continue;
        const own = await client.request(method, { ...params(name), ...meta });
        const absent = await client.request(method, { ...params(unlike(name)), ...meta });
        expect(told(own, name), `${method} ${name}`).toBe(told(absent, unlike(name)));
        expect(own?.error ?? own?.result).toBeDefined();
      }
    }
  });

  it('stands in no list', async () => {
    const client = await connected(await gateway().createKey({ role: 'employee' }));
    const meta = revision === MODERN ? { _meta: META } : {};
    const lists = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'];
    for (const method of lists)
      expect(JSON.stringify((await client.request(method, meta))?.result)).not.toContain('vault_open');
  });
});

/** All of an answer but what tells one call from another. */
function told(answer: Told | undefined, name: string): string {
  return JSON.stringify({ ...answer, id: 0 })
    .replace(/"correlation_id":"[^"]+"/, '"correlation_id":""')
    .replaceAll(JSON.stringify(name), '"NAME"');
}
