import { setTimeout as sleep } from 'node:timers/promises';
import { GatehouseError } from '#errors';
import type { StateConnection } from '#valkey';
import { entryOf, type Connected, type ConnectionEntry } from './connected.ts';

/** A process that has not said for so long that it lives is forgotten, with all its connections. */
const LEASE_MS = 15_000;
const BEAT_MS = 3_000;
/** Connections come and go in swarms: one write tells of many. */
const GATHER_MS = 100;
/** How long another replica may take to close one. */
const CLOSE_MS = 3_000;
const CLOSE_STEP_MS = 50;
/** The longest id that is looked at. */
const ID = /^([0-9a-f]{12})-[0-9a-f]{12}$/;
/** Of one replica, in a list: what is beyond would not fit into an answer. */
const MOST_LISTED = 10_000;

export interface SharedConnectionsOptions {
  connection: Pick<StateConnection, 'client' | 'namespace' | 'hear' | 'up'>;
  replica: string;
  own: ReadonlyMap<string, Connected>;
  close: (id: string) => void;
  leaseMs?: number;
  beatMs?: number;
}

/**
 * What the replicas know of each other's connections: each keeps one hash of its own, by id, which expires unless it is
 * renewed, and stands in a set of replicas; an order to close one goes over a channel to whoever has it.
 */
export class SharedConnections {
  readonly #options: SharedConnectionsOptions;
  readonly #replicas: string;
  readonly #channel: string;
  /** What was written of each connection: only changes are written again. */
  readonly #written = new Map<string, string>();
  readonly #leaseMs: number;
  readonly #beat: NodeJS.Timeout;
  #gathering: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SharedConnectionsOptions) {
    this.#options = options;
    const { connection, leaseMs = LEASE_MS, beatMs = BEAT_MS } = options;
    const { namespace } = connection;
    this.#leaseMs = leaseMs;
    this.#beat = setInterval(() => void this.#write(), beatMs).unref();
    this.#replicas = `${namespace}:connections`;
    this.#channel = `${namespace}:connections:close`;
    connection.hear(this.#channel, (id) => {
      if (ID.test(id)) options.close(id);
    });
  }

  changed(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      void this.#write();
    }, GATHER_MS).unref();
  }

  /** None while Valkey is away. */
  async others(): Promise<ConnectionEntry[]> {
    const { connection, replica } = this.#options;
    if (!connection.up) return [];
    try {
      const replicas = await connection.client.zrangebyscore(
        this.#replicas,
        Date.now() - this.#leaseMs,
        '+inf',
      );
      const hashes = replicas.filter((one) => one !== replica).map((one) => this.#hashOf(one));
      const all = await Promise.all(hashes.map((hash) => connection.client.hvals(hash)));
      return all.flatMap((texts) => texts.slice(0, MOST_LISTED).map(entryIn));
    } catch {
      return []; // It went away just now, which its connection says.
    }
  }

  /** Resolves to the connection once it is closed; undefined where no replica has it. Throws UNAVAILABLE. */
  async close(id: string): Promise<ConnectionEntry | undefined> {
    const replica = ID.exec(id)?.[1];
    if (replica === undefined) return undefined;
    const { client } = this.#options.connection;
    try {
      const hash = this.#hashOf(replica);
      const text = await client.hget(hash, id);
      if (text === null) return undefined;
      await client.publish(this.#channel, id);
      for (const limit = Date.now() + CLOSE_MS; Date.now() < limit; await sleep(CLOSE_STEP_MS)) {
        if ((await client.hexists(hash, id)) === 0) return entryIn(text);
      }
    } catch (cause) {
      throw new GatehouseError('UNAVAILABLE', 'The other replicas cannot be reached at the moment', {
        cause,
      });
    }
    throw new GatehouseError('UNAVAILABLE', 'The replica that serves the connection does not answer');
  }

  async shutdown(): Promise<void> {
    clearInterval(this.#beat);
    clearTimeout(this.#gathering);
    await this.#writing;
    const { connection, replica } = this.#options;
    if (!connection.up) return;
    await connection.client
      .multi()
      .del(this.#hashOf(replica))
      .zrem(this.#replicas, replica)
      .exec()
      .catch(() => undefined);
  }

  #hashOf(replica: string): string {
    return `${this.#replicas}:${replica}`;
  }

  #write(): Promise<void> {
    return (this.#writing = this.#writing.then(() => this.#writeChanges()));
  }

  async #writeChanges(): Promise<void> {
    const { connection, replica, own } = this.#options;
    // Whatever was lost meanwhile is written anew once it is back.
    if (!connection.up) return this.#written.clear();
    const hash = this.#hashOf(replica);
    const changed: Record<string, string> = {};
    for (const [id, connected] of own) {
      const text = JSON.stringify(entryOf(connected));
      if (this.#written.get(id) !== text) changed[id] = text;
    }
    const gone = [...this.#written.keys()].filter((id) => !own.has(id));
    const now = Date.now();
    const batch = connection.client.multi().exists(hash).zadd(this.#replicas, now, replica);
    batch
      .zremrangebyscore(this.#replicas, '-inf', now - this.#leaseMs)
      .pexpire(this.#replicas, this.#leaseMs);
    if (this.#written.size === 0) batch.del(hash);
    if (gone.length > 0) batch.hdel(hash, ...gone);
    if (Object.keys(changed).length > 0) batch.hset(hash, changed);
    try {
      const results = await batch.pexpire(hash, this.#leaseMs).exec();
      const [, wasThere] = results?.[0] ?? [];
      if (wasThere === 0 && this.#written.size > 0) {
        // It had expired while this process stood still, or a failover has lost it: all of it is written anew.
        this.#written.clear();
        return this.changed();
      }
      for (const id of gone) this.#written.delete(id);
      for (const [id, text] of Object.entries(changed)) this.#written.set(id, text);
    } catch {
      this.#written.clear();
    }
  }
}

function entryIn(text: string): ConnectionEntry {
  return JSON.parse(text) as ConnectionEntry;
}
