import type { Socket } from 'node:net';
import type { AuditTrail } from '#audit';
import { networkOf } from '#call';

const PERIOD_MS = 60_000;
const MAX_NETWORKS = 1_000;

/**
 * Connections that MTLS_REQUIRED ends never become calls, and belong in the audit trail all the same: the first from a
 * network at once, and of those that follow one record a minute, so that a stranger can't fill the journal.
 */
export class RefusedHandshakes {
  readonly #since = new Map<string, number>();
  readonly #clock: NodeJS.Timeout;

  constructor(private readonly audit: Pick<AuditTrail, 'event'>) {
    this.#clock = setInterval(() => this.#write(), PERIOD_MS).unref();
  }

  note({ remoteAddress = 'unknown' }: Socket, reason: string): void {
    const network = networkOf(remoteAddress);
    const before = this.#since.get(network);
    if (before !== undefined) this.#since.set(network, before + 1);
    // What does not find a place is counted with the others of its kind.
    else if (this.#since.size >= MAX_NETWORKS)
      this.#since.set('others', (this.#since.get('others') ?? 0) + 1);
    else {
      this.#since.set(network, 0);
      this.#record(network, 1, reason);
    }
  }

  close(): void {
    clearInterval(this.#clock);
    this.#write();
  }

  #write(): void {
    const counted = [...this.#since].filter(([, count]) => count > 0);
    this.#since.clear();
    for (const [network, count] of counted) this.#record(network, count, 'several');
  }

  #record(ip: string, attempts: number, reason: string): void {
    const event = {
      event: 'invalid_auth',
      severity: 'MEDIUM',
      result: 'refused',
      code: 'CREDENTIAL_INVALID',
    } as const;
    // A journal that is down says so itself, and no call gets through meanwhile.
    this.audit
      .event({ ...event, ip, notes: { credential: 'certificate', reason, attempts } })
      .catch(() => undefined);
  }
}
