import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { defer, from, lastValueFrom, type Observable } from 'rxjs';
import type { Call } from './call.ts';
import { callOf } from './call-of.ts';

/**
 * A stage around the handler, on its way out. On a REST route Nest runs it as an interceptor; around a tool it is called
 * as it is, since an Observable for each stage took a twentieth of the time of a small call.
 */
export abstract class Stage implements NestInterceptor {
  /** What `next` answers, or something in its place: the value, or a promise of it. */
  abstract around(call: Call, next: () => unknown): unknown;

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return defer(() => from(this.#around(context, next)));
  }

  async #around(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    return this.around(callOf(context), () => lastValueFrom(next.handle()));
  }
}
