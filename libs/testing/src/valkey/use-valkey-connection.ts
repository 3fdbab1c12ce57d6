import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { readConfig } from '#config';
import { serverAddress, StateConnection, valkeyConfig, type Keyspace } from '#valkey';
import { useValkey } from './use-valkey.ts';
import type { ValkeyOptions } from './valkey-server.ts';

/** A connection of the settings, up. Closing is the caller's. */
export async function openValkey(env: Record<string, string>): Promise<StateConnection> {
  const settings = readConfig(valkeyConfig, env);
  const address = serverAddress(settings.url!, settings);
  const connection = new StateConnection({ ...settings, name: 'state', address });
  await connection.open();
  return connection;
}

/** In a `describe`: one server and one connection for all its tests. Each call gives keys that nobody else has. */
export function useKeyspace(options?: ValkeyOptions): () => Keyspace {
  const server = useValkey(options);
  let connection: StateConnection | undefined;
  beforeAll(async () => {
    connection = await openValkey({ VALKEY_URL: server().url });
  });
  afterAll(() => connection?.close());
  return () => {
    if (!connection) throw new Error('The connection is there while tests run, not before');
    return { client: connection.client, namespace: `test-${randomBytes(6).toString('hex')}` };
  };
}
