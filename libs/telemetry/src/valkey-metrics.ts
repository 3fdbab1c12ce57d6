import { Inject, Injectable, Optional, type OnApplicationBootstrap } from '@nestjs/common';
import { CacheConnection, StateConnection } from '#valkey';
import { Metrics } from './metrics.ts';

/** Shows which connections to Valkey are up, where there are any, and how often each went down. */
@Injectable()
export class ValkeyMetrics implements OnApplicationBootstrap {
  constructor(
    @Optional() @Inject(CacheConnection) private readonly cache: CacheConnection | undefined,
    @Optional() @Inject(StateConnection) private readonly state: StateConnection | undefined,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    for (const connection of [this.cache, this.state]) {
      if (!connection) continue;
      const up = this.metrics.valkeyUp.labels(connection.name);
      const outages = this.metrics.valkeyOutages.labels(connection.name);
      up.set(Number(connection.up));
      connection.onTurn((turn) => {
        up.set(Number(turn.up));
        if (!turn.up) outages.inc();
      });
    }
  }
}
