import type { Principal, Tier } from '#call';
import type { Limit } from '../limit.ts';
import type { ThrottleSettings } from '../throttle.config.ts';
import type { OperationLimit } from './operation-limits.ts';
import { factors, tightened } from './tightening.ts';

/** One limit, and whose calls are counted together for it. */
export interface Rule {
  readonly limit: Limit;
  readonly per: 'client' | 'address' | 'everybody';
}

/** Who meets other limits than others: each tier, keys without one, callers of public operations without a key. */
export type Audience = Tier | 'untiered' | 'anonymous';
export const audiences: readonly Audience[] = ['free', 'basic', 'pro', 'enterprise', 'untiered', 'anonymous'];

/** Whose limits hold for a caller; without a principal, those of callers without a key. */
export function audienceOf(principal: Principal | undefined): Audience {
  return principal ? (principal.tier ?? 'untiered') : 'anonymous';
}

/** The limit of one operation, by name. */
type NamedOperationLimit = OperationLimit & { readonly operation: string };

/** The rules for an audience at each level of tightening. */
export function rulesByLevel(...of: Parameters<typeof rulesFor>): readonly (readonly Rule[])[] {
  const rules = rulesFor(...of);
  return factors.map((_, level) =>
    rules.map(({ limit, per }) => ({ limit: { ...limit, max: tightened(limit.max, level) }, per })),
  );
}

/** All limits of a call. A tier replaces the client default; enterprise has the operation's alone (requirements 14.5). */
function rulesFor(
  audience: Audience,
  settings: ThrottleSettings,
  limited: NamedOperationLimit | undefined,
): readonly Rule[] {
  if (!settings.enabled) return [];
  const rules = clientRules(audience, settings);
  if (audience !== 'enterprise') {
    const { addressMax, addressWindowMs, globalMax, globalWindowMs } = settings;
    rules.push(
      {
        limit: { id: 'address', name: 'address', max: addressMax, windowMs: addressWindowMs },
        per: 'address',
      },
      {
        limit: { id: idFor(audience, 'global'), name: 'global', max: globalMax, windowMs: globalWindowMs },
        per: 'everybody',
      },
    );
  }
  if (limited) {
    const { operation, max, windowMs } = limited;
    const id = idFor(audience, `operation:${operation}`);
    rules.push({ limit: { id, name: 'operation', max, windowMs }, per: 'client' });
  }
  return rules;
}

function clientRules(audience: Audience, { clientMax, clientWindowMs, tiers }: ThrottleSettings): Rule[] {
  if (audience === 'untiered' || audience === 'anonymous') {
    const limit = { name: 'client', max: clientMax, windowMs: clientWindowMs };
    return [{ limit: { id: idFor(audience, 'client'), ...limit }, per: 'client' }];
  }
  return [
    ...tierRules(audience, 'tier-minute', tiers.get(audience)?.[0], 60_000),
    ...tierRules(audience, 'tier-hour', tiers.get(audience)?.[1], 3_600_000),
  ];
}

function tierRules(tier: Tier, name: string, max: number | undefined, windowMs: number): Rule[] {
  return max === undefined ? [] : [{ limit: { id: `${name}:${tier}`, name, max, windowMs }, per: 'client' }];
}

/**
 * Callers without a key are counted apart: no flood of addresses takes the place of principals in the store, or uses up
 * what all principals have together.
 */
function idFor(audience: Audience, id: string): string {
  return audience === 'anonymous' ? `${id}@address` : id;
}
