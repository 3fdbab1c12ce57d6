import { readOnlyTables } from '#audit';
import type { LoggedCall } from './call-log.ts';

/** A time in which one process enforced its share of the limits by itself. */
export interface Division {
  /** The process: one life of a gateway. */
  readonly chain: string;
  readonly from: number;
  /** Infinity where it ended like that. */
  readonly to: number;
  /** Into how many shares it divided each limit. */
  readonly replicas: number;
}

/** What is on record of one call. */
export interface CallRecord {
  readonly chain: string;
  readonly result: string;
}

interface Line {
  time: string;
  event: string;
  result?: string;
  correlation_id?: string;
  replicas?: number;
  notes?: { replicas?: number };
}

/** What the journal of all processes together says. */
export interface AuditTrail {
  readonly calls: ReadonlyMap<string, readonly CallRecord[]>;
  readonly divisions: readonly Division[];
}

/** Reads the whole journal in a PostgreSQL. */
export async function readAuditTrail(url: string): Promise<AuditTrail> {
  const tables = readOnlyTables(url);
  try {
    const rows = await tables.selectFrom('audit_records').select(['chain', 'line']).orderBy('seq').execute();
    const calls = new Map<string, CallRecord[]>();
    const turns: (Line & { chain: string })[] = [];
    for (const { chain, line } of rows) {
      const record = JSON.parse(line) as Line;
      if (record.event.startsWith('rate_limits_')) turns.push({ ...record, chain });
      const { correlation_id: id, result = '' } = record;
      if (id !== undefined) calls.set(id, [...(calls.get(id) ?? []), { chain, result }]);
    }
    return { calls, divisions: divisionsOf(turns) };
  } finally {
    await tables.destroy();
  }
}

function divisionsOf(turns: readonly (Line & { chain: string })[]): Division[] {
  const divisions: Division[] = [];
  const begun = new Map<string, Division>();
  const end = (chain: string, to: number): void => {
    const division = begun.get(chain);
    if (division) divisions.push({ ...division, to });
    begun.delete(chain);
  };
  for (const { chain, event, time, notes } of turns) {
    const at = Date.parse(time);
    end(chain, at);
    if (event === 'rate_limits_divided')
      begun.set(chain, { chain, from: at, to: Infinity, replicas: notes?.replicas ?? 1 });
  }
  for (const chain of begun.keys()) end(chain, Infinity);
  return divisions;
}

/** By which process each call was answered: undefined where no record says. */
export function chainOf({ id }: LoggedCall, { calls }: AuditTrail): string | undefined {
  return id === undefined ? undefined : calls.get(id)?.[0]?.chain;
}
