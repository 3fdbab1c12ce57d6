import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { sql } from 'kysely';
import { AdaptiveLimits } from '#adaptive';
import { AuditTrail, ChainWatch } from '#audit';
import { Blocks } from '#blocking';
import type { ConfigOf } from '#config';
import { connectionsConfig, TurnedAway, turnedAwayFor } from '#connections';
import { secretsFound } from '#masking';
import { serverInfo } from '#mcp';
import { Database, DataFolder } from '#persistence';
import { Metrics } from '#telemetry';
import { TlsContexts, type httpConfig } from '#transport';
import { UncaughtFaults } from './uncaught-faults.ts';

/** Well within the time that a scrape may take, whatever a database does. */
const DATABASE_PATIENCE_MS = 1_000;

/** What Prometheus sees of the parts that count for themselves, and of what they run on. */
export function measure(app: INestApplicationContext, config: ConfigOf<typeof httpConfig>): void {
  const metrics = app.get(Metrics);
  measureLimits(metrics, app.get(Blocks), app.get(AdaptiveLimits));
  measureAudit(metrics, app.get(AuditTrail), app.get(ChainWatch));
  measureDatabase(metrics, app.get(Database));
  measureMachine(metrics, app.get(DataFolder).path);
  measureCertificate(metrics, app.get(TlsContexts));
  metrics.follow('connections_limit', 'MAX_CONNECTIONS', () => config.maxConnections);
  measureDoors(metrics, app.get(connectionsConfig.KEY));
  measureTurnedAway(metrics, app.get(TurnedAway));
  metrics.count(
    'uncaught_faults_total',
    'Rejections and exceptions that nobody caught: defects',
    () => app.get(UncaughtFaults).count,
  );
  metrics.count(
    'masked_secrets_total',
    'Texts of answers in which a secret was, and was masked',
    secretsFound,
  );
  metrics.followEach(
    'build_info',
    { help: 'Which Gatehouse this is', label: 'version' },
    () => new Map([[serverInfo.version, 1]]),
  );
}

function measureDoors(metrics: Metrics, { websockets, tcp }: ConfigOf<typeof connectionsConfig>): void {
  const limits = new Map([
    ['ws', websockets],
    ['tcp', tcp],
  ]);
  metrics.followEach(
    'door_connections_limit',
    { help: 'WS_MAX_CONNECTIONS and TCP_MAX_CONNECTIONS, by type', label: 'type' },
    () => limits,
  );
  // Before the first comes, there are none: that is known too.
  for (const type of limits.keys()) metrics.concurrentConnections.labels(type).inc(0);
}

function measureTurnedAway({ connectionsTurnedAway }: Metrics, turnedAway: TurnedAway): void {
  for (const reason of turnedAwayFor) connectionsTurnedAway.inc({ reason }, 0);
  turnedAway.watch((reason) => connectionsTurnedAway.inc({ reason }));
}

function measureLimits(metrics: Metrics, blocks: Blocks, limits: AdaptiveLimits): void {
  metrics.follow(
    'blocked_addresses',
    'Addresses, and callers at them, that are blocked here',
    () => blocks.size,
  );
  metrics.follow(
    'limits_factor_anonymous',
    'What is left of the limits of callers without a key; 1 in peace',
    () => limits.factors.strangers,
  );
  metrics.follow(
    'limits_factor_everyone',
    'What is left of the limits of all callers but enterprise; 1 in peace',
    () => limits.factors.everyone,
  );
}

function measureAudit(metrics: Metrics, trail: AuditTrail, watch: ChainWatch): void {
  metrics.follow('audit_journal_up', '0 while audit records cannot be made safe, and calls are refused', () =>
    Number(trail.status.working),
  );
  metrics.follow('audit_signing_up', '0 while the end of the audit journal cannot be signed', () =>
    Number(trail.status.signing),
  );
  metrics.follow(
    'audit_backlog_bytes',
    'Audit records that wait to be made safe',
    () => trail.status.backlogBytes,
  );
  metrics.count('audit_records_total', 'Audit records that are safe', () => trail.status.records);
  metrics.count(
    'audit_refused_total',
    'Audit records that could not be made safe',
    () => trail.status.refused,
  );
  metrics.count(
    'audit_log_failures_total',
    'Times that a file in LOG_DIR could not be written',
    () => trail.status.sinkFailures,
  );
  metrics.follow(
    'audit_chain_faults',
    'What the last verification of the journal found',
    () => watch.status.faults,
  );
  metrics.follow(
    'audit_verified_timestamp_seconds',
    'When the journal was last verified; the start of this process before that',
    () => watch.status.verifiedAt,
  );
}

function measureDatabase(metrics: Metrics, database: Database): void {
  // Before the question below, which is itself one that waits.
  metrics.follow('database_connections', 'Connections to the database', () => database.connections.open);
  metrics.follow('database_connections_busy', 'Those at work', () => database.connections.busy);
  metrics.follow(
    'database_connections_waiting',
    'Queries that wait for one',
    () => database.connections.waiting,
  );
  metrics.follow('database_connections_limit', 'DATABASE_POOL_SIZE', () => database.connections.size);
  let latency: Promise<number> | undefined;
  const asked = (): Promise<number> => {
    latency ??= latencyOf(database).finally(() => (latency = undefined));
    return latency;
  };
  metrics.follow('database_up', '0 while the database does not answer within a second', async () =>
    Number(!Number.isNaN(await asked())),
  );
  metrics.follow(
    'database_latency_seconds',
    'Time until the database has answered the shortest question',
    asked,
  );
}

function measureCertificate(metrics: Metrics, tls: TlsContexts): void {
  metrics.follow(
    'tls_certificate_expires_timestamp_seconds',
    'When the certificate that clients are shown expires; no number where there is none',
    () => (tls.certificate?.validToDate.getTime() ?? Number.NaN) / 1000,
  );
}

function measureMachine(metrics: Metrics, dataDir: string): void {
  metrics.follow('disk_free_bytes', 'Room in the file system of DATA_DIR', async () => {
    const { bavail, bsize } = await statfs(dataDir);
    return bavail * bsize;
  });
  metrics.follow('disk_size_bytes', 'Size of that file system', async () => {
    const { blocks, bsize } = await statfs(dataDir);
    return blocks * bsize;
  });
  metrics.follow(
    'memory_limit_bytes',
    'Memory that this process may use: of its container, else of the machine',
    memoryLimit,
  );
}

/** Seconds; NaN where there was no answer in time. */
async function latencyOf({ kysely }: Database): Promise<number> {
  const begun = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const tired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), DATABASE_PATIENCE_MS);
  });
  const answered = sql`select 1`.execute(kysely).then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([answered, tired]);
  clearTimeout(timer);
  return inTime ? (performance.now() - begun) / 1000 : Number.NaN;
}

/** Where nothing binds a process, Node gives a number beyond any machine. */
function memoryLimit(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(bound, totalmem()) : totalmem();
}
