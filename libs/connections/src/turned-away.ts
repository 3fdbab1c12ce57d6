import type { AuditTrail } from '#audit';
import { wire, type ErrorCode } from '#errors';

const FIRST_PERIOD_MS = 60_000;
const LONGEST_PERIOD_MS = 3_600_000;
const SWEEP_MS = 1_000;
/** Networks that are told apart at a time, for each reason; all others are counted together. */
const MOST_NETWORKS = 1_000;
const OTHERS = 'others';

/** Why a connection ended before anybody made a call on it, and what its records say. */
const reasons = {
  /** There are too many connections. */
  excess: { code: 'TOO_MANY_CONNECTIONS' },
  /** What came is no HTTP. */
  unreadable: { code: 'INVALID_REQUEST' },
  /** The head of a request, the hands of TLS or the token of a client over TCP did not come in time. */
  slow: { code: 'INVALID_REQUEST' },
  /** A head, or an extension of a chunk, is larger than anything that is read. */
  large: { code: 'PAYLOAD_TOO_LARGE' },
  /** Sent on to where there is TLS. */
  redirected: { code: undefined },
  /** It came without TLS, and for a place that is not ours. */
  misdirected: { code: 'INVALID_REQUEST' },
  /** It came without TLS, from a page that may not call. */
  origin: { code: 'ORIGIN_REFUSED' },
  /** What came is no TLS, or none that is spoken here. */
  handshake: { code: 'INVALID_REQUEST' },
  /** It has shown no certificate where one is required. */
  uncertified: { code: 'CREDENTIAL_MISSING' },
  /** It has shown one that is not good. */
  certificate: { code: 'CREDENTIAL_INVALID' },
} as const satisfies Record<string, { code: ErrorCode | undefined }>;

export type TurnedAwayFor = keyof typeof reasons;
export const turnedAwayFor = Object.keys(reasons) as readonly TurnedAwayFor[];

interface Counted {
  readonly network: string;
  readonly reason: TurnedAwayFor;
  count: number;
  firstAt: number;
  lastAt: number;
  recordAt: number;
  everyMs: number;
}

/**
 * Connections that ended before there was a call. They leave no record each, but one for many of a network and a reason:
 * at once, after a minute, and each later one after twice the time, so that nobody can fill the journal.
 */
export class TurnedAway {
  readonly #counted = new Map<string, Counted>();
  readonly #networks = new Map<TurnedAwayFor, number>();
  readonly #watchers: ((reason: TurnedAwayFor) => void)[] = [];
  readonly #sweeper = setInterval(() => void this.write(), SWEEP_MS).unref();

  constructor(private readonly audit: Pick<AuditTrail, 'event'>) {}

  /** Whoever counts them hears of each. */
  watch(watcher: (reason: TurnedAwayFor) => void): void {
    this.#watchers.push(watcher);
  }

  count(network: string, reason: TurnedAwayFor = 'excess', now = Date.now()): void {
    for (const watcher of this.#watchers) watcher(reason);
    const counted = this.#find(network, reason, now);
    if (counted.count === 0) counted.firstAt = now;
    counted.count++;
    counted.lastAt = now;
  }

  /** Writes what is due, or `all` that there is. */
  async write(which: 'due' | 'all' = 'due', now = Date.now()): Promise<void> {
    const due = [...this.#counted.values()].filter(({ recordAt }) => which === 'all' || now >= recordAt);
    await Promise.all(due.map((counted) => this.#record(counted, now)));
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.write('all');
  }

  #find(network: string, reason: TurnedAwayFor, now: number): Counted {
    const known = this.#counted.get(keyOf(network, reason));
    if (known) return known;
    const networks = this.#networks.get(reason) ?? 0;
    if (networks >= MOST_NETWORKS && network !== OTHERS) return this.#find(OTHERS, reason, now);
    const counted = { network, reason, count: 0, firstAt: now, lastAt: now, recordAt: now, everyMs: 0 };
    this.#counted.set(keyOf(network, reason), counted);
    this.#networks.set(reason, networks + 1);
    return counted;
  }

  #forget({ network, reason }: Counted): void {
    this.#counted.delete(keyOf(network, reason));
    this.#networks.set(reason, this.#networks.get(reason)! - 1);
  }

  async #record(counted: Counted, now: number): Promise<void> {
    const { network, reason, count, firstAt, lastAt, everyMs } = counted;
    // Quiet for a whole period: forgotten.
    if (count === 0) return this.#forget(counted);
    counted.count = 0;
    counted.everyMs = Math.min(everyMs * 2 || FIRST_PERIOD_MS, LONGEST_PERIOD_MS);
    counted.recordAt = now + counted.everyMs;
    const times = { first: new Date(firstAt).toISOString(), last: new Date(lastAt).toISOString() };
    try {
      await this.audit.event({
        ...whatOf(reason),
        ...(network !== OTHERS && { ip: network }),
        notes: { reason, attempts: count, ...times },
      });
    } catch {
      // Recorded with the next ones.
      counted.count += count;
      counted.firstAt = firstAt;
    }
  }
}

function keyOf(network: string, reason: TurnedAwayFor): string {
  return `${reason} ${network}`;
}

function whatOf(reason: TurnedAwayFor) {
  const { code } = reasons[reason];
  if (code === undefined)
    return { event: 'connection_redirected', severity: 'LOW', result: 'allowed' } as const;
  const { event, severity } = wire[code];
  return { event, severity, result: 'refused', code } as const;
}
