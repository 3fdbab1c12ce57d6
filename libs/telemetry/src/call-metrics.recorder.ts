import { Injectable } from '@nestjs/common';
import type { Histogram } from 'prom-client';
import { CallRecorder, type Call, type Operation, type Outcome } from '#call';
import { Metrics } from './metrics.ts';

/** What counts as a query of the RAG system (SUP-23), at whichever door. */
const QUERIES: ReadonlySet<string> = new Set(['conversations.search', 'rag.ask', 'rag.ask-stream']);

const AUTH_FAILURES: ReadonlySet<string> = new Set(['invalid_auth', 'tcp_auth_failed']);

type Timer = Histogram.Internal<'door' | 'operation' | 'result'>;
type TimersOfOperation = Record<Outcome['result'], Timer>;

/** Counts every settled call. Names come from declarations only: a stranger can't make a new time series. */
@Injectable()
export class CallMetrics extends CallRecorder {
  /** By door, then by operation: looking a label set up anew costs more than the observation. */
  readonly #timers = new Map<string, Map<Operation | undefined, TimersOfOperation>>();

  constructor(private readonly metrics: Metrics) {
    super();
  }

  record(call: Call, outcome: Outcome): void {
    const { metrics } = this;
    this.#timersOf(call)[outcome.result].observe(call.elapsedMs / 1000);
    if (outcome.result === 'allowed') {
      this.#countKnowledge(call.operation);
      return;
    }
    metrics.refusals.inc({ code: outcome.code ?? 'unknown' });
    if (AUTH_FAILURES.has(outcome.event)) metrics.authFailures.inc({ code: outcome.code ?? 'unknown' });
    if (outcome.event === 'rate_limit_exceeded')
      metrics.rateLimitExceeded.inc({ limit: call.limits?.name ?? 'address' });
    if (outcome.severity === 'HIGH' || outcome.severity === 'CRITICAL') {
      metrics.securityViolations.inc({ event: outcome.event });
    }
  }

  #countKnowledge(operation: Operation | undefined): void {
    if (operation?.event === 'conversation_ingested') this.metrics.conversationsIngested.inc();
    else if (operation && QUERIES.has(operation.name))
      this.metrics.queries.inc({ operation: operation.name });
  }

  #timersOf(call: Call): TimersOfOperation {
    let byOperation = this.#timers.get(call.door);
    if (!byOperation) this.#timers.set(call.door, (byOperation = new Map()));
    let timers = byOperation.get(call.operation);
    if (!timers) byOperation.set(call.operation, (timers = this.#makeTimers(call)));
    return timers;
  }

  #makeTimers({ door, operation }: Call): TimersOfOperation {
    const timer = (result: string) =>
      this.metrics.requestDuration.labels({ door, operation: operation?.name ?? 'none', result });
    return { allowed: timer('allowed'), refused: timer('refused'), failed: timer('failed') };
  }
}
