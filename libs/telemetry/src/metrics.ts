import type { Server } from 'node:net';
import { Counter, Gauge, Histogram, register, type Metric } from 'prom-client';

/** From a tenth of a millisecond to ten seconds: the ceilings of requirements 12 are of 0.1 to 2 ms. */
const DURATION_BUCKETS_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10,
];

/** The metrics of SUP-23 and of the RAG system, by name. One process has one registry, however often it boots. */
export class Metrics {
  readonly requestDuration: Histogram<'door' | 'operation' | 'result'>;
  readonly authFailures: Counter<'code'>;
  readonly rateLimitExceeded: Counter<'limit'>;
  readonly securityViolations: Counter<'event'>;
  readonly concurrentConnections: Gauge<'type'>;
  readonly conversationsIngested: Counter;
  readonly queries: Counter<'operation'>;
  readonly valkeyUp: Gauge<'connection'>;
  readonly valkeyOutages: Counter<'connection'>;
  /** 1 while each process enforces its share of the limits by itself. */
  readonly limitsDivided: Gauge;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
      once(prefix + name, (full) => new Counter({ name: full, help, labelNames }));
    this.requestDuration = once(
      `${prefix}request_duration_seconds`,
      (name) =>
        new Histogram({
          name,
          help: 'Time from the first byte of a call to its record, in seconds',
          labelNames: ['door', 'operation', 'result'] as const,
          buckets: DURATION_BUCKETS_SECONDS,
        }),
    );
    const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
      once(prefix + name, (full) => new Gauge({ name: full, help, labelNames }));
    this.concurrentConnections = gauge('concurrent_connections', 'Open connections, by type', ['type']);
    this.valkeyUp = gauge('valkey_up', '1 while a connection to Valkey is up', ['connection']);
    this.limitsDivided = gauge(
      'rate_limits_divided',
      '1 while Valkey is away and each process enforces a share',
    );
    this.authFailures = counter('auth_failures_total', 'Calls without a usable credential', ['code']);
    this.rateLimitExceeded = counter('rate_limit_exceeded_total', 'Calls refused by a limit', ['limit']);
    this.securityViolations = counter('security_violations_total', 'Events of severity HIGH or above', [
      'event',
    ]);
    this.conversationsIngested = counter('rag_conversations_ingested_total', 'Conversations taken in');
    this.queries = counter('rag_queries_total', 'Searches and questions answered', ['operation']);
    this.valkeyOutages = counter('valkey_outages_total', 'How often a connection to Valkey went down', [
      'connection',
    ]);
  }

  /** A value that is asked for whenever somebody looks. */
  follow(name: string, help: string, read: () => number): void {
    const full = this.#prefix + name;
    // Of a gateway that ran in this process before.
    register.removeSingleMetric(full);
    const gauge: Gauge = new Gauge({ name: full, help, collect: () => gauge.set(read()) });
  }

  /** Follows the open connections of a listener. */
  watch(type: string, server: Server): void {
    const open = this.concurrentConnections.labels(type);
    const sockets = new WeakSet<object>();
    const leave = (socket: object) => sockets.delete(socket) && open.dec();
    server.on('connection', (socket) => {
      sockets.add(socket);
      open.inc();
      socket.once('close', () => leave(socket));
    });
    // From then on it is a connection of another type.
    server.on('upgrade', (_request: unknown, socket: object) => leave(socket));
  }
}

function once<M extends Metric>(name: string, make: (name: string) => M): M {
  return (register.getSingleMetric(name) as M | undefined) ?? make(name);
}
