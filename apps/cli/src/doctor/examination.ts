import type { Check, Finding, Status } from './check.ts';
import type { Site } from './site.ts';

/** What came of one check: its worst finding counts. */
export interface Diagnosis {
  readonly check: string;
  readonly status: Status;
  readonly findings: readonly Finding[];
  readonly read: string;
}

const badness: Readonly<Record<Status, number>> = { pass: 0, warn: 1, fail: 2 };

/** Runs the checks one after the other, so that one that hangs on a server is told by its name. */
export async function examine(
  site: Site,
  checks: readonly Check[],
  onDiagnosis: (diagnosis: Diagnosis) => void = () => {},
): Promise<Diagnosis[]> {
  const all: Diagnosis[] = [];
  for (const check of checks) {
    const findings = await lookAt(site, check);
    const diagnosis = { check: check.name, status: worst(findings), findings, read: check.read };
    all.push(diagnosis);
    onDiagnosis(diagnosis);
  }
  return all;
}

export function worst(of: readonly { status: Status }[]): Status {
  return of.reduce<Status>((bad, { status }) => (badness[status] > badness[bad] ? status : bad), 'pass');
}

async function lookAt(site: Site, check: Check): Promise<readonly Finding[]> {
  try {
    return await check.look(site);
  } catch (error) {
    return [{ status: 'fail', text: `it could not be looked at: ${reasonOf(error)}` }];
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
