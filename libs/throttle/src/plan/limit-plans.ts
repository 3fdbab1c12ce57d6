import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { networkOf, operationOf, type Call } from '#call';
import type { LimitClaim } from '../limit.ts';
import { throttleConfig, type ThrottleSettings } from '../throttle.config.ts';
import { OperationLimits } from './operation-limits.ts';
import { audienceOf, audiences, rulesByLevel, type Audience, type Rule } from './rules.ts';
import { skipsThrottle } from './throttle-metadata.ts';
import { Tightening } from './tightening.ts';

/** The limits that a handler's calls have, by who makes them and how tight they are; none at all where it carries `@SkipThrottle()`. */
export type LimitPlan = Readonly<Record<Audience, readonly (readonly Rule[])[]>> | 'skip';

/** All callers together. */
const EVERYBODY = '';

/** Which limits a call has, and on whose account. Worked out once for each handler, on its first call. */
@Injectable()
export class LimitPlans {
  /** By class and method: two controllers may inherit one method, and differ in `@SkipThrottle()`. */
  readonly #plans = new WeakMap<object, WeakMap<object, LimitPlan>>();

  constructor(
    private readonly operations: OperationLimits,
    private readonly reflector: Reflector,
    private readonly tightening: Tightening,
    @Inject(throttleConfig.KEY) private readonly settings: ThrottleSettings,
  ) {}

  of(context: ExecutionContext): LimitPlan {
    return this.#plans.get(context.getClass())?.get(context.getHandler()) ?? this.#prepare(context);
  }

  claim(plan: Exclude<LimitPlan, 'skip'>, { principal, address }: Call): LimitClaim[] {
    const network = networkOf(address);
    const client = principal?.id ?? network;
    const claims: LimitClaim[] = [];
    const audience = audienceOf(principal);
    for (const { limit, per } of plan[audience][this.tightening.levelOf(audience)]!) {
      claims.push({ limit, subject: per === 'client' ? client : per === 'address' ? network : EVERYBODY });
    }
    return claims;
  }

  /** Every claim that a client may have made for itself, whatever its tier: a principal's id, or an address. */
  claimsOn(client: string): LimitClaim[] {
    const subject = networkOf(client);
    const claims = new Map<string, LimitClaim>();
    for (const operation of [undefined, ...this.operations.names()]) {
      for (const { limit, per } of audiences.flatMap((audience) => this.#rulesNow(audience, operation))) {
        if (per !== 'everybody') claims.set(limit.id, { limit, subject });
      }
    }
    return [...claims.values()];
  }

  #prepare(context: ExecutionContext): LimitPlan {
    const [type, handler] = [context.getClass(), context.getHandler()];
    const plan = skipsThrottle(this.reflector, handler, type)
      ? 'skip'
      : this.#planFor(operationOf(handler)?.name);
    let plans = this.#plans.get(type);
    if (!plans) this.#plans.set(type, (plans = new WeakMap()));
    plans.set(handler, plan);
    return plan;
  }

  #planFor(operation: string | undefined): LimitPlan {
    const rules = audiences.map((audience) => [audience, this.#rulesOf(audience, operation)] as const);
    return Object.fromEntries(rules) as Record<Audience, readonly (readonly Rule[])[]>;
  }

  #rulesNow(audience: Audience, operation: string | undefined): readonly Rule[] {
    return this.#rulesOf(audience, operation)[this.tightening.levelOf(audience)]!;
  }

  #rulesOf(audience: Audience, operation: string | undefined): readonly (readonly Rule[])[] {
    const limit = operation === undefined ? undefined : this.operations.get(operation);
    return rulesByLevel(audience, this.settings, limit && { operation: operation!, ...limit });
  }
}
