import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, scratchFolder, useValkey, type ScratchFolder, type TestDatabase } from '#testing';
import { codeOf } from './support/doors.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { LEGACY, type Answer } from './support/gateway-client.ts';

const postgresql = databases.find(({ name }) => name === 'PostgreSQL')!;

const rpc = ({ client }: TestGateway, method: string, session?: string): Promise<Answer> => {
  const params = {
    protocolVersion: LEGACY,
    capabilities: {},
    clientInfo: { name: 'spec', version: '1' },
  };
  return client.rpc(method, method === 'initialize' ? params : {}, {
    revision: LEGACY,
    headers: session === undefined ? {} : { 'mcp-session-id': session },
  });
};

describe('two gateways beside one Valkey and one PostgreSQL', () => {
  const valkey = useValkey();
  let database: TestDatabase;
  let folder: ScratchFolder;
  let one: TestGateway;
  let two: TestGateway;
  beforeAll(async () => {
    [database, folder] = [await postgresql.create(), await scratchFolder()];
    const boot = (dataDir: string | undefined) => {
      const env = { ...database.env, ...(dataDir !== undefined && { DATA_DIR: dataDir }) };
      const shared = {
        ...postgresql,
        create: async () => ({ ...database, env, remove: async () => undefined }),
      };
      return bootGateway(shared, { env: { VALKEY_URL: valkey().url, VALKEY_RETRY_MAX_MS: '200' } });
    };
    one = await boot(undefined);
    two = await boot(folder.path);
  }, 600_000);
  afterAll(async () => {
    await one?.close();
    await two?.close();
    await database?.remove();
    await folder?.remove();
  });

  it('serve a session that the other one has begun, also while Valkey is away, and end it for both', async () => {
    const session = (await rpc(one, 'initialize')).headers.get('mcp-session-id')!;
    expect(session).toMatch(/^[\w-]{32}$/);
    expect((await rpc(two, 'tools/list', session)).status).toBe(200);
    expect((await rpc(two, 'tools/list', 'nobody')).status).toBe(404);

    valkey().freeze();
    for (const gateway of [one, two]) expect((await rpc(gateway, 'tools/list', session)).status).toBe(200);
    valkey().thaw();
    await expect.poll(async () => (await rpc(two, 'initialize')).status).toBe(200);

    const end = () =>
      two.client.rest('/mcp', {
        method: 'DELETE',
        headers: { 'mcp-session-id': session, 'mcp-protocol-version': LEGACY },
      });
    await expect
      .poll(async () => [(await end()).status, codeOf(await rpc(one, 'tools/list', session))], {
        timeout: 5_000,
      })
      .toEqual([404, 'SESSION_NOT_FOUND']);
  });

  it('refuse a key that the other one has revoked within a second, however busy it is', async () => {
    for (let round = 0; round < 3; round++) {
      const made = await one.client.rest('/admin/keys', {
        body: { name: `agent ${round}`, role: 'auditor' },
      });
      const { key, id } = made.body as { key: string; id: string };
      for (const gateway of [one, two]) {
        expect((await gateway.client.rest('/conversations', { key })).status).toBe(200);
      }
      await one.client.rest(`/admin/keys/${id}`, { method: 'DELETE' });
      await expect
        .poll(async () => (await two.client.rest('/conversations', { key })).status, {
          timeout: 1_000,
          interval: 10,
        })
        .toBe(403);
    }
  });
});
