import type { AuditTrail } from '#audit';

const FIRST_PERIOD_MS = 60_000;
const LONGEST_PERIOD_MS = 3_600_000;
const SWEEP_MS = 1_000;
/** Networks that are told apart at a time; all others are counted together. */
const MOST_NETWORKS = 1_000;
const OTHERS = 'others';

interface Counted {
  count: number;
  firstAt: number;
  lastAt: number;
  recordAt: number;
  everyMs: number;
}

/**
 * Connections that were closed unread, because there are too many. They leave no record each, but one for many of a
 * network: at once, after a minute, and each later one after twice the time, so that nobody can fill the journal.
 */
export class TurnedAway {
  readonly #networks = new Map<string, Counted>();
  readonly #sweeper = setInterval(() => void this.write(), SWEEP_MS).unref();

  constructor(private readonly audit: Pick<AuditTrail, 'event'>) {}

  count(network: string, now = Date.now()): void {
    const isKnown = this.#networks.has(network) || this.#networks.size < MOST_NETWORKS;
    const name = isKnown ? network : OTHERS;
    let counted = this.#networks.get(name);
    if (!counted) {
      counted = { count: 0, firstAt: now, lastAt: now, recordAt: now, everyMs: 0 };
      this.#networks.set(name, counted);
    }
    if (counted.count === 0) counted.firstAt = now;
    counted.count++;
    counted.lastAt = now;
  }

  /** Writes what is due, or `all` that there is. */
  async write(which: 'due' | 'all' = 'due', now = Date.now()): Promise<void> {
    const due = [...this.#networks].filter(([, { recordAt }]) => which === 'all' || now >= recordAt);
    await Promise.all(due.map(([network, counted]) => this.#record(network, counted, now)));
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.write('all');
  }

  async #record(network: string, counted: Counted, now: number): Promise<void> {
    const { count, firstAt, lastAt, everyMs } = counted;
    // Quiet for a whole period: forgotten.
    if (count === 0) return void this.#networks.delete(network);
    counted.count = 0;
    counted.everyMs = Math.min(everyMs * 2 || FIRST_PERIOD_MS, LONGEST_PERIOD_MS);
    counted.recordAt = now + counted.everyMs;
    const times = { first: new Date(firstAt).toISOString(), last: new Date(lastAt).toISOString() };
    try {
      await this.audit.event({
        event: 'connection_limit',
        severity: 'MEDIUM',
        result: 'refused',
        code: 'TOO_MANY_CONNECTIONS',
        ...(network !== OTHERS && { ip: network }),
        notes: { attempts: count, ...times },
      });
    } catch {
      // Recorded with the next ones.
      counted.count += count;
      counted.firstAt = firstAt;
    }
  }
}
