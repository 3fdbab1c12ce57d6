import { Injectable } from '@nestjs/common';
import type { Audience } from './rules.ts';

/** What is left of a limit at each level. Level 0 is peace; the last is the floor, so that nobody is ever shut out. */
export const factors = [1, 0.5, 0.25, 0.125] as const;
export const LAST_LEVEL = factors.length - 1;

/**
 * How far limits are cut at the moment (SUP-29). Strangers are cut by what strangers do, and everyone only by what the
 * service suffers from: else a flood without a key could halve the limits of all who have one. Enterprise is never cut.
 */
@Injectable()
export class Tightening {
  strangers = 0;
  everyone = 0;

  levelOf(audience: Audience): number {
    if (audience === 'enterprise') return 0;
    return audience === 'anonymous' ? Math.max(this.strangers, this.everyone) : this.everyone;
  }
}

/** What a limit is at a level: always at least one call. */
export function tightened(max: number, level: number): number {
  return Math.ceil(max * (factors[level] ?? 1));
}
