import { afterAll, beforeAll } from 'vitest';
import type { Role, Tier } from '#call';
import { Database } from '#persistence';
import { freePort, type DatabaseKind, type TestDatabase } from '#testing';
import { startGateway, type Gateway } from '../../apps/gateway/src/gateway.ts';
import type { GatewayOptions } from '../../apps/gateway/src/gateway.module.ts';
import { journalOf, type AuditRecord } from './audit-records.ts';
import { GatewayClient, type Answer } from './gateway-client.ts';

/** The administrator's key of every gateway under test. */
export const ADMIN_KEY = 'only-for-tests-0123456789-abcdefghijklmnopqrst';
const SETUP_TIMEOUT_MS = 600_000;

export interface KeyOptions {
  role?: Role;
  tier?: Tier;
  expires_in_days?: number;
}

/** The whole program, in this process, on free ports and an empty database. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly client: GatewayClient;
  readonly managementClient: GatewayClient;
  readonly dataDir: string;
  /** A fresh key, made over REST as an administrator would. */
  createKey: (options?: KeyOptions) => Promise<string>;
  /** The record of the call that this answer came from. */
  recordOf: (answer: Answer) => Promise<AuditRecord | undefined>;
  close(): Promise<void>;
}

type Options = Pick<Partial<GatewayOptions>, 'features'> & { env?: Record<string, string> };

export async function bootGateway(
  kind: DatabaseKind,
  { env = {}, features = [] }: Options = {},
): Promise<TestGateway> {
  const database = await kind.create({ migrated: true });
  try {
    return await boot(database, { env, features });
  } catch (error) {
    await database.remove();
    throw error;
  }
}

async function boot(database: TestDatabase, { env, features }: Required<Options>): Promise<TestGateway> {
  const gateway = await startGateway({
    env: {
      LOG_LEVEL: 'silent',
      GATEHOUSE_API_KEY: ADMIN_KEY,
      // Many specs send wrong keys from this one address.
      AUTO_BLOCK_ENABLED: 'false',
      // A busy machine is no attack.
      ADAPTIVE_LIMITS_ENABLED: 'false',
      PORT: String(await freePort()),
      MANAGEMENT_PORT: String(await freePort()),
      WS_PORT: String(await freePort()),
      TCP_PORT: String(await freePort()),
      ...database.env,
      ...env,
    },
    features,
  });
  const client = new GatewayClient(gateway.url, ADMIN_KEY);
  const dataDir = database.env['DATA_DIR']!;
  let keys = 0;
  return {
    gateway,
    client,
    managementClient: new GatewayClient(gateway.managementUrl!, ADMIN_KEY),
    dataDir,
    async createKey(options = {}) {
      const body = { name: `key ${++keys}`, role: 'service', ...options };
      const answer = await client.rest('/admin/keys', { body });
      if (answer.status !== 201) throw new Error(`No key: ${JSON.stringify(answer.body)}`);
      return (answer.body as { key: string }).key;
    },
    async recordOf({ headers }) {
      const id = headers.get('x-correlation-id');
      const records = await journalOf(gateway.app.get(Database), dataDir);
      const own = records.filter((record) => record.correlation_id === id);
      if (own.length > 1) throw new Error(`${own.length} records of one call`);
      return own[0];
    },
    async close() {
      await gateway.close();
      await database.remove();
    },
  };
}

/** In a `describe`: one gateway for all its tests. The function gives it. */
export function useGateway(kind: DatabaseKind, options?: Options): () => TestGateway {
  let booted: TestGateway | undefined;
  beforeAll(async () => {
    booted = await bootGateway(kind, options);
  }, SETUP_TIMEOUT_MS);
  afterAll(() => booted?.close());
  return () => {
    if (!booted) throw new Error('The gateway is there while tests run, not before');
    return booted;
  };
}
