import type { Server, Socket } from 'node:net';
import { Counter, Gauge, Histogram, register, type Metric } from 'prom-client';
import { wire } from '#errors';

/** From a tenth of a millisecond to ten seconds: the ceilings of requirements 12 are of 0.1 to 2 ms. */
const DURATION_BUCKETS_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10,
];

type Values = ReadonlyMap<string, number>;

/** The metrics of SUP-23 and of the RAG system, by name. One process has one registry, however often it boots. */
export class Metrics {
  readonly requestDuration: Histogram<'door' | 'operation' | 'result'>;
  readonly authFailures: Counter<'code'>;
  readonly rateLimitExceeded: Counter<'limit'>;
  readonly securityViolations: Counter<'event'>;
  readonly refusals: Counter<'code'>;
  readonly concurrentConnections: Gauge<'type'>;
  readonly connectionsTurnedAway: Counter<'reason'>;
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
    this.refusals = counter('refusals_total', 'Calls that were refused or failed, by code', ['code']);
    this.connectionsTurnedAway = counter(
      'connections_turned_away_total',
      'Connections that ended before there was a call, by reason',
      ['reason'],
    );
    this.conversationsIngested = counter('rag_conversations_ingested_total', 'Conversations taken in');
    this.queries = counter('rag_queries_total', 'Searches and questions answered', ['operation']);
    this.valkeyOutages = counter('valkey_outages_total', 'How often a connection to Valkey went down', [
      'connection',
    ]);
    this.#startAtZero();
  }

  /** Prometheus sees no rise in a series that begins with its first event. What may happen is known beforehand. */
  #startAtZero(): void {
    for (const [code, { event, severity }] of Object.entries(wire)) {
      this.refusals.inc({ code }, 0);
      if (event === 'invalid_auth') this.authFailures.inc({ code }, 0);
      if (severity === 'HIGH') this.securityViolations.inc({ event }, 0);
    }
  }

  /** A value that is asked for whenever somebody looks. */
  follow(name: string, help: string, read: () => number | Promise<number>): void {
    const collect = async (): Promise<void> => gauge.set(await known(read));
    const gauge: Gauge = new Gauge({ name: this.#fresh(name), help, collect });
  }

  /** The same for what only grows, and is counted where it happens. */
  count(name: string, help: string, read: () => number): void {
    const collect = (): void => {
      counter.reset();
      counter.inc(read());
    };
    const counter: Counter = new Counter({ name: this.#fresh(name), help, collect });
  }

  /** Values that are asked for together, by label. What is not known is no sample. */
  followEach(
    name: string,
    { help, label }: { help: string; label: string },
    read: () => Values | Promise<Values>,
  ): void {
    const collect = async (): Promise<void> => {
      gauge.reset();
      const values = await knownEach(read);
      for (const [of, value] of values) gauge.set({ [label]: of }, value);
    };
    const gauge: Gauge = new Gauge({ name: this.#fresh(name), help, labelNames: [label], collect });
  }

  /** What stands there is of a gateway that ran in this process before. */
  #fresh(name: string): string {
    const full = this.#prefix + name;
    register.removeSingleMetric(full);
    return full;
  }

  /** Follows the open connections of a listener. */
  watch(type: string, server: Server): void {
    const open = this.concurrentConnections.labels(type);
    open.inc(0);
    /** What ends the count of a connection, by who it is with: with TLS, what is upgraded is another object. */
    const leaving = new Map<string, () => void>();
    server.on('connection', (socket: Socket) => {
      const peers = peersOf(socket);
      const leave = () => {
        if (leaving.get(peers) === leave && leaving.delete(peers)) open.dec();
      };
      leaving.get(peers)?.();
      leaving.set(peers, leave);
      open.inc();
      socket.once('close', leave);
    });
    // From then on it is a connection of another type.
    server.on('upgrade', (_request: unknown, socket: Socket) => leaving.get(peersOf(socket))?.());
  }
}

function peersOf({ localPort, remoteAddress, remotePort }: Socket): string {
  return `${localPort} ${remoteAddress} ${remotePort}`;
}

/** One thing that can't be read must not hide all the others from a scrape. */
async function known(read: () => number | Promise<number>): Promise<number> {
  try {
    return await read();
  } catch {
    return Number.NaN;
  }
}

async function knownEach(read: () => Values | Promise<Values>): Promise<Values> {
  try {
    return await read();
  } catch {
    return new Map();
  }
}

function once<M extends Metric>(name: string, make: (name: string) => M): M {
  return (register.getSingleMetric(name) as M | undefined) ?? make(name);
}
