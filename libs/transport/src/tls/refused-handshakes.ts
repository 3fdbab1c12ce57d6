import type { Socket } from 'node:net';
import type { AuditTrail } from '#audit';
import { NetworkTally } from '../network-tally.ts';

/** Connections that MTLS_REQUIRED ends never become calls, and belong in the audit trail all the same. */
export class RefusedHandshakes {
  readonly #tally: NetworkTally;

  constructor(audit: Pick<AuditTrail, 'event'>) {
    this.#tally = new NetworkTally((ip, attempts, reason) => {
      const event = {
        event: 'invalid_auth',
        severity: 'MEDIUM',
        result: 'refused',
        code: 'CREDENTIAL_INVALID',
      } as const;
      // A journal that is down says so itself, and no call gets through meanwhile.
      audit
        .event({ ...event, ip, notes: { credential: 'certificate', reason, attempts } })
        .catch(() => undefined);
    });
  }

  note({ remoteAddress = 'unknown' }: Socket, reason: string): void {
    this.#tally.note(remoteAddress, reason);
  }

  close(): void {
    this.#tally.close();
  }
}
