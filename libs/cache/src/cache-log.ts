import { hash } from 'node:crypto';
import { Logger } from '@nestjs/common';

/** What ARC-19 wants to read, at level debug. A key may hold what a person has asked for: only its digest is shown. */
export class CacheLog {
  readonly #logger = new Logger('Cache');

  compute(key: string): void {
    this.#debug('Cache COMPUTE', key);
  }

  computed(key: string, elapsedMs: number): void {
    this.#debug('Cache COMPUTED', key, { elapsed_ms: Math.round(elapsedMs * 1000) / 1000 });
  }

  coalesce(key: string): void {
    this.#debug('Cache COALESCE', key);
  }

  coalesced(key: string): void {
    this.#debug('Cache COALESCED', key);
  }

  refreshFailed(key: string, error: unknown): void {
    this.#logger.warn({ msg: 'Cache refresh failed', key: digestOf(key), err: error });
  }

  untold(error: unknown): void {
    this.#logger.warn({ msg: 'Cache invalidation is not shared yet', err: error });
  }

  #debug(msg: string, key: string, more?: object): void {
    this.#logger.debug({ msg, key: digestOf(key), ...more });
  }
}

function digestOf(key: string): string {
  return hash('sha256', key, 'hex').slice(0, 16);
}
