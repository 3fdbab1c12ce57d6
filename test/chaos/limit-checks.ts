import type { Division } from './audit-trail.ts';
import type { Forgetting } from './fleet.ts';

/** A call that a limit let through: it was counted at some time between the two. */
export interface Admission {
  readonly asked: number;
  readonly ended: number;
  /** The process that let it through; undefined where that is not known. */
  readonly chain: string | undefined;
}

/** A call, as far as limits tell calls apart. */
export interface LimitedCall extends Admission {
  readonly client: string | undefined;
  readonly address: string;
  readonly operation: string;
}

export interface CheckedLimit {
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
  /** Whose count a call is in; undefined where the limit is not for it. */
  readonly subjectOf: (call: LimitedCall) => string | undefined;
}

/** What became of the one truth about limits meanwhile. */
export interface Troubles {
  readonly divisions: readonly Division[];
  readonly forgettings: readonly Forgetting[];
}

export interface Excess {
  readonly limit: string;
  readonly subject: string;
  /** The calls that were too many, at least. */
  readonly calls: readonly Admission[];
  readonly message: string;
}

/** A turn may be on record so much earlier or later than the calls that it was for. */
const TURN_MARGIN_MS = 100;

/**
 * Every window of every limit, beginning with each call that was let through. Only calls that were asked and answered
 * within a window are sure to have been counted in it, so that whatever is found is certain.
 *
 * While all processes count together no more than the limit is let through. To that comes, for each process that went alone
 * in a window, its share; and the limit once more for each time that Valkey forgot in it. A process that goes alone gives
 * no more than is left of its share.
 */
export function findExcess(
  calls: readonly LimitedCall[],
  limits: readonly CheckedLimit[],
  troubles: Troubles,
): Excess[] {
  return limits.flatMap((limit) =>
    bySubject(calls, limit).flatMap(([subject, own]) => {
      const found = [...overall(own, limit, troubles), ...alone(own, limit, troubles)];
      return found.map((excess) => ({ ...excess, limit: limit.name, subject }));
    }),
  );
}

/** Most calls that were surely let through in one window: a limit that is never reached proves nothing. */
export interface Fullest {
  readonly max: number;
  /** Where all processes counted together all the while. */
  readonly shared: number;
  /** Where some did not, or Valkey forgot. */
  readonly troubled: number;
}

export function fullestWindows(
  calls: readonly LimitedCall[],
  limit: CheckedLimit,
  troubles: Troubles,
): Fullest {
  const fullest = { max: limit.max, shared: 0, troubled: 0 };
  for (const [, own] of bySubject(calls, limit)) {
    for (const [first, { asked }] of own.entries()) {
      const { length } = windowAt(own, first, limit);
      const isShared = allowance(limit, spanFrom(asked, limit), troubles) === limit.max;
      const which = isShared ? 'shared' : 'troubled';
      fullest[which] = Math.max(fullest[which], length);
    }
  }
  return fullest;
}

function bySubject(
  calls: readonly LimitedCall[],
  { subjectOf }: CheckedLimit,
): [subject: string, calls: LimitedCall[]][] {
  const limited = calls.filter((call) => subjectOf(call) !== undefined);
  const sorted = limited.sort((a, b) => a.asked - b.asked);
  return [...Map.groupBy(sorted, (call) => subjectOf(call)!)];
}

type Found = Pick<Excess, 'calls' | 'message'>;

function overall(calls: readonly Admission[], limit: CheckedLimit, troubles: Troubles): Found[] {
  const found: Found[] = [];
  for (let first = 0; first < calls.length; first++) {
    const from = calls[first]!.asked;
    const inWindow = windowAt(calls, first, limit);
    if (inWindow.length <= limit.max) continue;
    const allowed = allowance(limit, spanFrom(from, limit), troubles);
    if (inWindow.length <= allowed) continue;
    const excess = inWindow.toSorted((a, b) => a.ended - b.ended).slice(allowed);
    found.push({
      calls: excess,
      message: `${inWindow.length} let through within ${limit.windowMs} ms from ${time(from)}, where ${allowed} may be`,
    });
  }
  return found;
}

interface Span {
  from: number;
  to: number;
}

/** What was asked and answered in the window that begins with the first of them. */
function windowAt<C extends Admission>(calls: readonly C[], first: number, { windowMs }: CheckedLimit): C[] {
  const to = calls[first]!.asked + windowMs;
  const inside: C[] = [];
  for (let index = first; index < calls.length && calls[index]!.asked < to; index++) {
    const call = calls[index]!;
    if (call.ended < to) inside.push(call);
  }
  return inside;
}

function spanFrom(from: number, { windowMs }: CheckedLimit): Span {
  return { from, to: from + windowMs };
}

function allowance({ max }: CheckedLimit, window: Span, { divisions, forgettings }: Troubles): number {
  const truths = 1 + forgettings.filter((forgetting) => overlaps(forgetting, window)).length;
  const margin = { from: window.from - TURN_MARGIN_MS, to: window.to + TURN_MARGIN_MS };
  // A process counts once in a window, however often it went alone in it.
  const shares = new Map<string, number>();
  for (const { chain, replicas, ...division } of divisions) {
    if (overlaps(division, margin))
      shares.set(chain, Math.max(shares.get(chain) ?? 0, Math.ceil(max / replicas)));
  }
  return truths * max + [...shares.values()].reduce((sum, share) => sum + share, 0);
}

function overlaps(one: Span, other: Span): boolean {
  return one.from < other.to && other.from < one.to;
}

/** What each process let through by itself, with what Valkey had let through by it before. */
function alone(calls: readonly Admission[], limit: CheckedLimit, { divisions }: Troubles): Found[] {
  return divisions.flatMap((division) => {
    const reach = { from: division.from - limit.windowMs, to: division.to };
    const own = calls.filter((call) => call.chain === division.chain && overlaps(reach, spanOf(call)));
    return own.flatMap((_, first) => aloneFrom(own, first, { limit, division }));
  });
}

function aloneFrom(
  calls: readonly Admission[],
  first: number,
  { limit, division }: { limit: CheckedLimit; division: Division },
): Found[] {
  const share = Math.ceil(limit.max / division.replicas);
  const inWindow = windowAt(calls, first, limit);
  const before = inWindow.filter(({ ended }) => ended < division.from - TURN_MARGIN_MS).length;
  const after = inWindow.filter(
    ({ asked, ended }) => asked > division.from + TURN_MARGIN_MS && ended < division.to - TURN_MARGIN_MS,
  );
  const allowed = Math.max(0, share - before);
  if (after.length <= allowed) return [];
  return [
    {
      calls: after.slice(allowed),
      message: `one process alone let ${after.length} through within ${limit.windowMs} ms from ${time(calls[first]!.asked)}, after ${before} by Valkey, where its share is ${share}`,
    },
  ];
}

function spanOf({ asked, ended }: Admission): Span {
  return { from: asked, to: ended };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
