import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CallRecorder, type Call, type Outcome } from '#call';
import type { ConfigOf } from '#config';
import { auditConfig } from './audit.config.ts';
import type { Journal } from './journal/journal.ts';
import { Succession } from './journal/succession.ts';
import { callBody, eventBody, type AuditEvent } from './record-body.ts';
import { AuditIndex } from './search-index/audit-index.ts';
import { AuditRetention } from './retention/audit-retention.ts';
import { AuditSinks } from './sinks/audit-sinks.ts';
import { securityLogOf, type SecurityLog } from './sinks/security-logs.ts';

/** Shutdown waits this long for a disk or a database that hangs. */
const CLOSE_MS = 10_000;

/** Who did what, from where, and what came of it: one record a call, in a chain that shows if one is missing. */
@Injectable()
export class AuditTrail extends CallRecorder implements OnApplicationShutdown {
  readonly #journal: Pick<Journal, 'append' | 'close' | 'status'>;
  readonly #sinks: AuditSinks;
  readonly #index: AuditIndex;
  readonly #retention: AuditRetention;
  readonly #waits: boolean;
  #serving = false;
  #closing: Promise<void> | undefined;

  constructor(
    @Inject(Succession) journal: Pick<Journal, 'append' | 'close' | 'status'>,
    sinks: AuditSinks,
    index: AuditIndex,
    retention: AuditRetention,
    @Inject(auditConfig.KEY) config: ConfigOf<typeof auditConfig>,
  ) {
    super();
    this.#journal = journal;
    this.#sinks = sinks;
    this.#index = index;
    this.#retention = retention;
    this.#waits = config.durability === 'strict';
  }

  /**
   * Fulfilled when the record is durable; at once with relaxed durability.
   * @throws {GatehouseError} UNAVAILABLE when the journal fails or does not keep up: at once, or as a rejection.
   */
  record(call: Call, outcome: Outcome): Promise<void> | void {
    if (outcome.result === 'allowed' && call.operation?.audit === 'refusals') return;
    const safe = this.#journal.append(callBody(call, outcome), securityLogFor(outcome));
    if (this.#waits) return safe;
  }

  /** Fulfilled when the record is durable. Rejects with UNAVAILABLE as `record` does. */
  async event(event: AuditEvent): Promise<void> {
    await this.#journal.append(eventBody(event), securityLogOf(event.event));
  }

  /** Records `server_start`; closing will then record `server_shutdown`. */
  async serverStarted(notes: Readonly<Record<string, string | number | boolean>> = {}): Promise<void> {
    this.#serving = true;
    await this.event({ event: 'server_start', severity: 'LOW', notes });
    this.#index.start();
    this.#retention.start();
  }

  /** Whether records can be made safe now. */
  get healthy(): boolean {
    return this.#journal.status.working;
  }

  /** For metrics and the detailed health. */
  get status() {
    return { ...this.#journal.status, sinkFailures: this.#sinks.failures, index: this.#index.status };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Makes everything safe, and signs the end of the chain. Later records are refused. */
  close(): Promise<void> {
    return (this.#closing ??= within(CLOSE_MS, this.#close()));
  }

  async #close(): Promise<void> {
    await this.#index.stop();
    await this.#retention.stop();
    if (this.#serving) await this.event({ event: 'server_shutdown', severity: 'LOW' }).catch(() => {});
    await this.#journal.close();
    await this.#sinks.close();
  }
}

/** A call that went well and matters no more than others is in no security log. */
function securityLogFor({ event, result, severity }: Outcome): SecurityLog | undefined {
  return result === 'allowed' && severity === 'LOW' ? undefined : securityLogOf(event);
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    new Logger('Audit').error(
      `The audit journal was not closed within ${ms} ms: its last records may be missing`,
    );
    resolve();
  }, ms);
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
