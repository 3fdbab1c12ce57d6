import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { databases, type TestDatabase } from '#testing';
import { protocolFeatures } from '../fixtures/protocol.module.ts';
import { auditRecords, type AuditRecord } from './audit-records.ts';
import { LEGACY, MODERN } from './gateway-client.ts';
import { useGateway, type KeyOptions, type TestGateway } from './gateway.ts';
import { HttpProtocolClient } from './http-protocol-client.ts';
import type { ProtocolClient, Told } from './protocol-client.ts';
import { SocketProtocolClient } from './socket-protocol-client.ts';
import { openSocket } from './socket-transport.ts';
import { StdioClient } from './stdio-client.ts';

const SETUP_TIMEOUT_MS = 600_000;

export type DoorName = 'mcp' | 'ws' | 'tcp' | 'stdio';

/** One door at which MCP is spoken, in one era. */
export interface Way {
  readonly name: string;
  readonly door: DoorName;
  readonly revision: string;
}

export const everyWay: readonly Way[] = (['mcp', 'ws', 'tcp', 'stdio'] as const).flatMap((door) =>
  [MODERN, LEGACY].map((revision) => ({ name: `${door} in ${revision}`, door, revision })),
);
/** Where there may be more clients than one: stdio serves whoever has started it. */
export const sharedWays = everyWay.filter(({ door }) => door !== 'stdio');
export const modernWays = everyWay.filter(({ revision }) => revision === MODERN);
export const legacyWays = everyWay.filter(({ revision }) => revision === LEGACY);

export interface ClientOptions extends KeyOptions {
  readonly capabilities?: object;
  /** In place of a fresh one. */
  readonly key?: string;
}

export interface EveryDoor {
  gateway(): TestGateway;
  /** A client that has shaken hands where its era does; it is an employee unless told otherwise. */
  open(way: Way, options?: ClientOptions): Promise<ProtocolClient>;
  /** The records of all calls, where those of a door are. */
  recordsAt(door: DoorName): AuditRecord[];
}

/** In a file: one gateway at all its doors, and beside it one process that serves stdio. */
export function useEveryDoor(settings: Record<string, string> = {}): EveryDoor {
  const env = {
    RATE_LIMIT_CLIENT_MAX: '100000',
    RATE_LIMIT_GLOBAL_MAX: '1000000',
    RATE_LIMIT_ADDRESS_MAX: '1000000',
    ...settings,
  };
  const clients: ProtocolClient[] = [];
  let local: { database: TestDatabase; client: StdioClient } | undefined;
  // Before the other, so that both come up at a time; it answers when it is there.
  beforeAll(async () => {
    const database = await databases[0]!.create({ migrated: true });
    const quiet = { LOG_LEVEL: 'fatal', ADAPTIVE_LIMITS_ENABLED: 'false' };
    local = { database, client: StdioClient.start({ ...quiet, ...database.env, ...env }) };
  });
  const gateway = useGateway(databases[0]!, { features: protocolFeatures, env });
  beforeAll(async () => {
    const answer = await local!.client.request('ping');
    if (!answer?.result) throw new Error(`No process for stdio: ${JSON.stringify(answer)}`);
  }, SETUP_TIMEOUT_MS);
  afterEach(async () => {
    const used = clients.splice(0);
    await Promise.all(used.map((client) => client.close()));
    expect(used.flatMap(({ faults }) => faults)).toEqual([]);
  });
  afterAll(async () => {
    local?.client.drop();
    await local?.client.over;
    await local?.database.remove();
  });

  async function connected({ door, revision }: Way, { capabilities = {}, key, ...options }: ClientOptions) {
    if (door === 'stdio') return new SocketProtocolClient(local!.client, false, revision, capabilities);
    const own = key ?? (await gateway().createKey({ role: 'employee', ...options }));
    if (door === 'mcp')
      return new HttpProtocolClient(new URL('/mcp', gateway().client.url), own, revision, capabilities);
    return new SocketProtocolClient(await openSocket(gateway(), door, own), true, revision, capabilities);
  }

  return {
    gateway,
    async open(way, options = {}) {
      const client = await connected(way, options);
      clients.push(client);
      if (way.revision !== LEGACY) return client;
      await initialized(client);
      if (client instanceof HttpProtocolClient) await client.listen();
      return client;
    },
    recordsAt: (door) =>
      auditRecords(door === 'stdio' ? local!.database.env['DATA_DIR']! : gateway().dataDir),
  };
}

/** Shakes hands, as a client of 2025 does. */
export async function initialized(client: ProtocolClient, protocolVersion = LEGACY): Promise<Told> {
  const { capabilities } = client;
  const clientInfo = { name: 'test', version: '1' };
  const answer = await client.request('initialize', { protocolVersion, capabilities, clientInfo });
  if (!answer.result) throw new Error(`No handshake: ${JSON.stringify(answer)}`);
  await client.notify('notifications/initialized');
  return answer;
}
