import { admissionsOf, checkAnswers, checkRecords } from './answer-checks.ts';
import { readAuditTrail, type AuditTrail } from './audit-trail.ts';
import { isAdmitted } from './call-log.ts';
import type { Fleet } from './fleet.ts';
import { findExcess, fullestWindows, type CheckedLimit } from './limit-checks.ts';
import type { Load } from './load.ts';
import { latencies, latencyOf, requestsOf, type Outcome } from './report.ts';
import { VALKEY_PASSWORD } from './settings.ts';
import type { Injected } from './storm.ts';
import type { Violations } from './violations.ts';

/** A gateway knows of a process that has started at the latest by then: it counts them every two seconds. */
const COUNTED_WITHIN_MS = 6_000;
/** A turn is on record with the fault that it came of, or a little later. */
const EXPLAINED_WITHIN_MS = 2_000;

export interface RunResult {
  seed: number;
  fleet: Fleet;
  load: Load;
  limits: readonly CheckedLimit[];
  injected: readonly Injected[];
  violations: Violations;
}

/** Stops all gateways, looks at all that is left, and says what it comes to. */
export async function conclude({
  seed,
  fleet,
  load,
  limits,
  injected,
  violations,
}: RunResult): Promise<Outcome> {
  await stopAll(fleet, violations);
  const { calls } = load;
  const trail = await readAuditTrail(fleet.database.url);
  checkAnswers(calls, violations);
  checkRecords(calls, trail, violations);
  checkDivisions(fleet, trail, violations);
  const fault = await fleet.auditFault();
  if (fault !== undefined) violations.add('audit trail', fault);

  const admitted = admissionsOf(calls.filter(isAdmitted), trail);
  const { divisions } = trail;
  const troubles = { divisions, forgettings: fleet.forgettings };
  const excess = findExcess(admitted, limits, troubles);
  for (const { limit, subject, message } of excess)
    violations.add(`wrongly admitted by ${limit}`, `${subject}: ${message}`);
  const recoveries = injected.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  return {
    seed,
    faults: countBy(injected.map(({ name }) => name)),
    requests: requestsOf(calls, violations),
    admitted: admitted.length,
    wronglyAdmitted: new Set(excess.flatMap((one) => one.calls)).size,
    fullest: Object.fromEntries(
      limits.map((limit) => [limit.name, fullestWindows(admitted, limit, troubles)]),
    ),
    unexplainedDivisions: divisions.filter(({ from }) => !isExplained(from, injected)).length,
    recovery: latencyOf(recoveries),
    latency: latencies(calls),
    violations: violations.told,
    violationCount: violations.total,
  };
}

async function stopAll({ replicas }: Fleet, violations: Violations): Promise<void> {
  for (const { crash } of replicas) if (crash) violations.add('crash', crash);
  const ends = await Promise.all(replicas.map((replica) => replica.stop()));
  for (const [index, end] of ends.entries())
    if (end !== 0) violations.add('crash', `gateway ${index}, asked to stop, ended with ${end}`);
  for (const { index, output } of replicas) {
    if (output.includes(VALKEY_PASSWORD)) violations.add('secret', `gateway ${index} has printed a password`);
    const unhandled = /^.*(?:unhandled|uncaught).*$/im.exec(output)?.[0];
    if (unhandled !== undefined) violations.add('unhandled error', `gateway ${index}: ${unhandled}`);
  }
}

/** Limits are never divided by fewer processes than there are: else all together would admit more. */
function checkDivisions({ replicas }: Fleet, { divisions }: AuditTrail, violations: Violations): void {
  for (const { from, replicas: shares } of divisions) {
    const isKnown = !replicas.some((replica) => replica.startedWithin(COUNTED_WITHIN_MS, from));
    if (isKnown && shares < replicas.length)
      violations.add(
        'shares',
        `${shares} at ${new Date(from).toISOString()}, of ${replicas.length} gateways`,
      );
  }
}

function isExplained(at: number, injected: readonly Injected[]): boolean {
  return injected.some(({ from, to }) => at >= from && at <= to + EXPLAINED_WITHIN_MS);
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
