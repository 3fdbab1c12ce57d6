import type { Severity } from '#errors';

/** The mildest first. */
export const severities = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const satisfies readonly Severity[];
export type SeverityName = (typeof severities)[number];

/** A severity, and all that are worse. */
export function from(severity: SeverityName): SeverityName[] {
  return severities.slice(severities.indexOf(severity));
}
