import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Door, Role } from '#call';
import { Connections } from '#connections';
import { Dispatcher } from '#mcp';
import { freePort } from '#testing';
import { startGateway } from '../../../apps/gateway/src/gateway.ts';
import { FuzzModule } from './fuzz.module.ts';
import { Watch } from './watch.ts';

const ADMIN_KEY = 'only-for-fuzzing-0123456789-abcdefghijklmnop';

/** No call takes longer: a handler that does is answered for. */
export const REQUEST_TIMEOUT_MS = 1000;
/** An answer that has not come by then never will. */
export const HANG_MS = 10 * REQUEST_TIMEOUT_MS;

const MOST_ATTEMPTS = 20;

/** Who calls. */
export type Caller = 'service' | 'auditor' | 'admin' | 'other' | 'nobody' | 'wrong';

/** The whole gateway, with handlers of every kind, seen from inside. */
export interface FuzzHouse {
  readonly url: URL;
  /** Where WebSockets are opened, on a port of their own. */
  readonly webSocketUrl: URL;
  readonly tcpPort: number;
  readonly dispatcher: Dispatcher;
  readonly watch: Watch;
  /** The Authorization header of each. */
  readonly credentials: Readonly<Record<Caller, string | undefined>>;
  /** Connections that are kept. */
  readonly agent: Agent;
  /** How many connections of a door are served. */
  connected(door: Door): number;
  close(): Promise<void>;
}

export async function openHouse(): Promise<FuzzHouse> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-fuzz-'));
  const watch = new Watch();
  const gateway = await startGateway({
    env: {
      DATA_DIR: dataDir,
      GATEHOUSE_API_KEY: ADMIN_KEY,
      PORT: String(await freePort()),
      MANAGEMENT_PORT: '0',
      WS_PORT: String(await freePort()),
      TCP_PORT: String(await freePort()),
      LOG_LEVEL: 'silent',
      AUDIT_DURABILITY: 'relaxed',
      REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
      CLIENT_ANSWER_TIMEOUT_MS: '100',
      // Raised so that none refuses; each is counted all the same.
      AUTH_FAILURES_MAX: '1000000',
      RATE_LIMIT_CLIENT_MAX: '1000000',
      RATE_LIMIT_GLOBAL_MAX: '1000000',
      RATE_LIMIT_ADDRESS_MAX: '1000000',
      MAX_CONNECTIONS_PER_ADDRESS: '100000',
      MAX_SESSIONS: '1000',
      // A blocked address has one record for all its calls, by design: here each call is asked for its own.
      AUTO_BLOCK_ENABLED: 'false',
      ADAPTIVE_LIMITS_ENABLED: 'false',
    },
    features: [FuzzModule.watchedBy(watch)],
  });
  const agent = new Agent({ keepAlive: true });
  const admin = `Bearer ${ADMIN_KEY}`;
  const keyOf = async (name: string, role: Role): Promise<string> => {
    // The time of a call is short here: on a machine that has much to do it may be over.
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const response = await fetch(new URL('/admin/keys', gateway.url), {
        method: 'POST',
        headers: { authorization: admin, 'content-type': 'application/json' },
        body: JSON.stringify({ name: `${name} ${attempt}`, role }),
      });
      if (response.status === 201) return `Bearer ${((await response.json()) as { key: string }).key}`;
    }
    throw new Error(`No key for ${name}`);
  };
  return {
    url: new URL(gateway.url),
    webSocketUrl: new URL(`ws://127.0.0.1:${gateway.webSocketPort}/ws`),
    tcpPort: gateway.tcpPort!,
    connected: (door) => gateway.app.get(Connections).countOf(door),
    dispatcher: gateway.app.get(Dispatcher),
    watch,
    agent,
    credentials: {
      service: await keyOf('service', 'service'),
      auditor: await keyOf('auditor', 'auditor'),
      other: await keyOf('other', 'service'),
      admin,
      nobody: undefined,
      wrong: 'Bearer wrong',
    },
    async close() {
      agent.destroy();
      await gateway.close();
      watch.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
