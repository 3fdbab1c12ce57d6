import { chainOf, type AuditTrail } from './audit-trail.ts';
import { isLost, type LoggedCall } from './call-log.ts';
import { guess, requestKinds } from './requests.ts';
import type { Violations } from './violations.ts';

const statusesOf = new Map([...requestKinds, guess].map(({ name, statuses }) => [name, statuses]));

/** Every request got an answer, and one that it may get. */
export function checkAnswers(calls: readonly LoggedCall[], violations: Violations): void {
  for (const call of calls) {
    const { kind, replica, status, asked, ended } = call;
    const told = `${kind} of gateway ${replica} at ${new Date(asked).toISOString()}`;
    if (isLost(call)) violations.add('lost', `${told}, no answer in ${Math.round(ended - asked)} ms`);
    if (status !== undefined && status !== 429 && !statusesOf.get(kind)?.includes(status))
      violations.add('wrong answer', `${told}: ${status}`);
  }
}

/** Every answer has its one record, which says the same. Strangers are counted rather than recorded once they are blocked. */
export function checkRecords(calls: readonly LoggedCall[], trail: AuditTrail, violations: Violations): void {
  for (const call of calls) {
    const { id, status, kind, asked, client } = call;
    if (status === undefined || client === undefined) continue;
    const told = `${kind} at ${new Date(asked).toISOString()}, ${id}`;
    const records = id === undefined ? undefined : trail.calls.get(id);
    if (!records) violations.add('lost record', told);
    else if (records.length > 1) violations.add('lost record', `${told}: ${records.length} of one call`);
    else if ((records[0]!.result === 'allowed') !== status < 400)
      violations.add('lost record', `${told}: ${status} is on record as ${records[0]!.result}`);
  }
}

/** The calls as the limits see them. */
export function admissionsOf(calls: readonly LoggedCall[], trail: AuditTrail) {
  return calls.map((call) => ({ ...call, chain: chainOf(call, trail) }));
}
