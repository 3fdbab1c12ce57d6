import type { CanActivate, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { defer, from, isObservable, lastValueFrom, type Observable } from 'rxjs';
import { after, Stage, type Call } from '#call';
import { GatehouseError } from '#errors';

type AnyMethod = (...args: unknown[]) => unknown;

/** What stands before a method, in order. */
export interface Walk {
  readonly guards: readonly CanActivate[];
  readonly interceptors: readonly NestInterceptor[];
  /** Guards read its name, its class, and what decorators have left on it. */
  readonly method: AnyMethod;
  readonly instance: object;
}

/**
 * A method with all that stands before it, walked without a promise where no stage needs one: Nest's own walk, made of
 * seven promises and four Observables, took a twelfth of the time of a small call. Throws, or rejects with, what any of
 * them throws.
 */
export function walkOf({ guards, interceptors, method, instance }: Walk): (...args: unknown[]) => unknown {
  const stages = interceptors.map((interceptor) =>
    interceptor instanceof Stage ? interceptor : new Foreign(interceptor),
  );
  const home = instance.constructor as ConstructorParameters<typeof ExecutionContextHost>[1];
  return (given, call) => {
    const context = new ExecutionContextHost([given, call], home, method);
    context.setType('mcp');
    const enter = (level: number): unknown => {
      const stage = stages[level];
      if (!stage) return method.call(instance, given, call);
      const next = () => enter(level + 1);
      return stage instanceof Stage ? stage.around(call as Call, next) : stage.around(context, next);
    };
    return after(pass(guards, context, 0), () => after(admitted(call as Call | undefined), () => enter(0)));
  };
}

/** Behind the last guard, the door has its say of who calls; before any stage that may answer in the handler's place. */
function admitted(call: Call | undefined): PromiseLike<void> | void {
  return call?.caller?.admit(call);
}

/** An interceptor as any NestJS program has them, put on one tool by `@UseInterceptors`. */
class Foreign {
  constructor(private readonly interceptor: NestInterceptor) {}

  async around(context: ExecutionContext, next: () => unknown): Promise<unknown> {
    const handle = () => defer(() => from(Promise.resolve(next())));
    return lastValueFrom(await this.interceptor.intercept(context, { handle }));
  }
}

function pass(
  guards: readonly CanActivate[],
  context: ExecutionContext,
  first: number,
): PromiseLike<void> | void {
  for (let i = first; i < guards.length; i++) {
    const verdict = guards[i]!.canActivate(context);
    if (verdict === true) continue;
    if (verdict === false) throw refused();
    return decided(verdict).then((yes) => {
      if (!yes) throw refused();
      return pass(guards, context, i + 1);
    });
  }
}

function decided(verdict: Promise<boolean> | Observable<boolean>): Promise<boolean> {
  return isObservable(verdict) ? lastValueFrom(verdict) : verdict;
}

function refused(): GatehouseError {
  return new GatehouseError('ACCESS_REFUSED', 'A guard of this operation refused the call');
}
