import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { AuditTrail } from '#audit';

const PERIOD_MS = 60_000;

type Kind = 'rejection' | 'exception';

/**
 * What nobody caught, each a defect of ours. A rejection has ended its own work and nobody else's: the gateway goes on, for a
 * stranger who finds one must not be able to end it. An exception has cut through whatever ran just then: the gateway is
 * ended, in good order, and its supervisor starts it again (docs/decisions/uncaught-faults.md).
 */
@Injectable()
export class UncaughtFaults implements BeforeApplicationShutdown {
  readonly #logger = new Logger('UncaughtFaults');
  #period: NodeJS.Timeout | undefined;
  #unrecorded = 0;
  #count = 0;

  constructor(private readonly audit: AuditTrail) {}

  /** Until now. */
  get count(): number {
    return this.#count;
  }

  rejected(reason: unknown): void {
    this.#tell('A rejection that nobody caught', reason);
    this.#unrecorded++;
    // The first at once, the others once a minute: a stranger may bring them about, and must not fill the journal.
    if (!this.#period) this.#record('rejection');
  }

  thrown(error: unknown): void {
    this.#tell('An exception that nobody caught: the gateway ends', error);
    this.#record('rejection'); // Those before it.
    this.#unrecorded++;
    this.#record('exception');
  }

  beforeApplicationShutdown(): void {
    this.#record('rejection');
    clearTimeout(this.#period);
  }

  #tell(what: string, fault: unknown): void {
    this.#count++;
    this.#logger.error({ msg: what, err: fault });
  }

  #record(kind: Kind): void {
    clearTimeout(this.#period);
    this.#period = undefined;
    if (this.#unrecorded === 0) return;
    const notes = { kind, faults: this.#unrecorded };
    this.#unrecorded = 0;
    this.#period = setTimeout(() => this.#record('rejection'), PERIOD_MS).unref();
    this.audit
      .event({ event: 'uncaught_fault', severity: 'HIGH', result: 'failed', notes })
      .catch(() => (this.#unrecorded += notes.faults)); // Told with the next ones.
  }
}
