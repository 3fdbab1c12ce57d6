import { existsSync } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { restartConfig } from './restart.config.ts';

/** EX_TEMPFAIL of sysexits.h: supervisors that leave a program alone which ended well start this one again, too. */
export const RESTART_EXIT_CODE = 75;

/** What Docker, Podman and Kubernetes leave in a container. */
const TRACES = ['/.dockerenv', '/run/.containerenv', '/var/run/secrets/kubernetes.io'];

/** Asks whoever has started the gateway to end the process, so that its supervisor starts it anew. */
@Injectable()
export class Restarts {
  #end: (() => void) | undefined;
  #requested = false;

  constructor(@Inject(restartConfig.KEY) private readonly config: ConfigOf<typeof restartConfig>) {}

  /** How this process is ended. Without it, as where the gateway is a part of another program, there are no restarts. */
  endBy(end: () => void): void {
    this.#end = end;
  }

  /** @throws GatehouseError CONFLICT where nobody would start it again: it would be a stop, for ever */
  request(): void {
    const end = this.#end;
    if (!end || !this.#isSupervised())
      throw new GatehouseError(
        'CONFLICT',
        'Nothing is known here that would start the gateway again: set SUPERVISED=true where there is such a thing, or restart it by hand',
      );
    if (this.#requested) return;
    this.#requested = true;
    // Whoever asked is one of those that are waited for.
    setImmediate(end);
  }

  #isSupervised(): boolean {
    const { supervised } = this.config;
    return supervised === 'auto'
      ? process.pid === 1 || TRACES.some((trace) => existsSync(trace))
      : supervised === 'true';
  }
}
