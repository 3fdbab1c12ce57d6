import type { AuditTrail } from '#audit';
import type { Attempts, BlockedNetwork } from './blocked-networks.ts';

const FIRST_PERIOD_MS = 60_000;
const LONGEST_PERIOD_MS = 3_600_000;
/** Many networks may be blocked at once, and each wants its record: so many are written in one go. */
const AT_ONCE = 50;
/** Kept while the journal is down, of each kind. */
const MAX_KEPT = 10_000;

type AuditEvent = Parameters<AuditTrail['event']>[0];

/**
 * What blocked addresses try leaves no record each, but one for many: how often, when first, when last. The first comes
 * after a minute, and each later one after twice the time, so that whoever goes on and on grows the journal slower and slower.
 */
export class AttemptRecords {
  /** Of networks that are not blocked any more, still to be recorded. */
  readonly #left: BlockedNetwork[] = [];
  /** Blocks whose record the journal has refused. */
  readonly #unrecorded: AuditEvent[] = [];

  constructor(private readonly audit: Pick<AuditTrail, 'event'>) {}

  /** A network is not blocked any more. */
  leave(network: BlockedNetwork): void {
    if (network.attempts.count > 0 && this.#left.length < MAX_KEPT) this.#left.push(network);
  }

  /** Records a block, now or as soon as the journal works. */
  async announce(event: AuditEvent): Promise<void> {
    try {
      await this.audit.event(event);
    } catch {
      // The journal says itself that it is down.
      if (this.#unrecorded.length < MAX_KEPT) this.#unrecorded.push(event);
    }
  }

  /** Writes what is due of these, or `all` that there is. */
  async write(networks: Iterable<BlockedNetwork>, now: number, which: 'due' | 'all' = 'due'): Promise<void> {
    const most = which === 'all' ? Infinity : AT_ONCE;
    await Promise.all(this.#unrecorded.splice(0, most).map((event) => this.announce(event)));
    const chosen = this.#left.splice(0, most);
    for (const network of networks) {
      if (chosen.length >= most) break;
      if (network.attempts.count > 0 && (which === 'all' || this.#isDue(network, now))) chosen.push(network);
    }
    await Promise.all(chosen.map((network) => this.#record(network, now)));
  }

  #isDue(network: BlockedNetwork, now: number): boolean {
    if (network.recordAt === 0) this.#schedule(network, now);
    return now >= network.recordAt;
  }

  #schedule(network: BlockedNetwork, now: number): void {
    network.recordEveryMs = Math.min(network.recordEveryMs * 2 || FIRST_PERIOD_MS, LONGEST_PERIOD_MS);
    network.recordAt = now + network.recordEveryMs;
  }

  async #record(network: BlockedNetwork, now: number): Promise<void> {
    const { count, firstAt, lastAt } = network.attempts;
    network.attempts.count = 0;
    this.#schedule(network, now);
    const times = { first: new Date(firstAt).toISOString(), last: new Date(lastAt).toISOString() };
    try {
      await this.audit.event({
        event: 'blocked_connection',
        severity: 'MEDIUM',
        result: 'refused',
        code: 'ADDRESS_BLOCKED',
        ip: network.network,
        notes: { attempts: count, ...times },
      });
    } catch {
      // They are recorded with the next ones.
      this.#giveBack(network.attempts, { count, firstAt, lastAt });
      if (network.isEmpty) this.leave(network);
    }
  }

  #giveBack(attempts: Attempts, unrecorded: Attempts): void {
    if (attempts.count === 0) attempts.lastAt = unrecorded.lastAt;
    attempts.count += unrecorded.count;
    attempts.firstAt = unrecorded.firstAt;
  }
}
