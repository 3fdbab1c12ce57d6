import { Inject, Injectable, Optional, type OnApplicationBootstrap } from '@nestjs/common';
import {
  CacheConnection,
  isAuthenticationFailure,
  StateConnection,
  type ValkeyConnection,
  type ValkeyHealth,
} from '#valkey';
import { Metrics } from './metrics.ts';

/** One look at each server serves all samples of a scrape. */
const ONE_SCRAPE_MS = 500;

type Up = Extract<ValkeyHealth, { status: 'up' }>;

/** Shows which connections to Valkey are up, where there are any, how often each went down, and how its server is. */
@Injectable()
export class ValkeyMetrics implements OnApplicationBootstrap {
  #health: Promise<ReadonlyMap<string, ValkeyHealth>> | undefined;

  constructor(
    @Optional() @Inject(CacheConnection) private readonly cache: CacheConnection | undefined,
    @Optional() @Inject(StateConnection) private readonly state: StateConnection | undefined,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    for (const connection of this.#connections) {
      const up = this.metrics.valkeyUp.labels(connection.name);
      const outages = this.metrics.valkeyOutages.labels(connection.name);
      up.set(Number(connection.up));
      outages.inc(0);
      connection.onTurn((turn) => {
        up.set(Number(turn.up));
        if (!turn.up) outages.inc();
      });
    }
    this.#showHealth();
  }

  get #connections(): ValkeyConnection[] {
    return [this.cache, this.state].filter((connection) => connection !== undefined);
  }

  #showHealth(): void {
    const { metrics } = this;
    metrics.followEach(
      'valkey_password_refused',
      { help: '1 while Valkey refuses our password or our rights', label: 'connection' },
      () => new Map(this.#connections.map((connection) => [connection.name, Number(isRefused(connection))])),
    );
    this.#ask('valkey_latency_seconds', 'Time of one PING', ({ latency_ms: ms }) => ms / 1000);
    this.#ask('valkey_memory_bytes', 'Memory that Valkey uses', ({ used_memory: bytes }) => bytes);
    this.#ask('valkey_memory_limit_bytes', 'Its limit; 0 for none', ({ maxmemory: bytes }) => bytes);
    this.#ask('valkey_evicted_keys', 'Keys that it evicted', ({ evicted_keys: keys }) => keys);
  }

  #ask(name: string, help: string, read: (health: Up) => number): void {
    this.metrics.followEach(name, { help, label: 'connection' }, async () => {
      const known = [...(await this.#asked())].flatMap(([connection, health]) =>
        health.status === 'up' ? [[connection, read(health)] as const] : [],
      );
      return new Map(known);
    });
  }

  #asked(): Promise<ReadonlyMap<string, ValkeyHealth>> {
    if (!this.#health) {
      const asked = this.#connections.map(
        async (connection) => [connection.name, await connection.health()] as const,
      );
      this.#health = Promise.all(asked).then((answers) => new Map(answers));
      setTimeout(() => (this.#health = undefined), ONE_SCRAPE_MS).unref();
    }
    return this.#health;
  }
}

function isRefused({ up, client }: ValkeyConnection): boolean {
  return !up && isAuthenticationFailure(client.refusal.reason);
}
