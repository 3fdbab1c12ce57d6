import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AuditTrail } from '#audit';
import { NetworkTally } from '../network-tally.ts';

/** Node's word for a request line and headers of more than MAX_HEADER_BYTES. */
const OVERFLOW = 'HPE_HEADER_OVERFLOW';

/**
 * A head that is larger than any that is read, for a token of a megabyte, say: it never becomes a call, and belongs in the
 * audit trail all the same. What is no HTTP at all does not.
 */
@Injectable()
export class OversizedHeads implements OnModuleDestroy {
  readonly #tally: NetworkTally;

  constructor(audit: AuditTrail) {
    this.#tally = new NetworkTally((ip, attempts, reason) => {
      const event = {
        event: 'invalid_input',
        severity: 'MEDIUM',
        result: 'refused',
        code: 'PAYLOAD_TOO_LARGE',
      } as const;
      // A journal that is down says so itself, and no call gets through meanwhile.
      audit.event({ ...event, ip, notes: { reason, attempts } }).catch(() => undefined);
    });
  }

  watch(server: Server): void {
    server.prependListener('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
      const { remoteAddress } = socket as Socket;
      if (code === OVERFLOW && remoteAddress !== undefined) this.#tally.note(remoteAddress, code);
    });
  }

  onModuleDestroy(): void {
    this.#tally.close();
  }
}
