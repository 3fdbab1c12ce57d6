import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { callOf } from '#call';
import { maskValue } from './mask-value.ts';

/** Masks what a handler answers, unless its operation says that it reveals a secret to its owner. */
@Injectable()
export class MaskingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const answer = next.handle();
    return callOf(context).operation?.revealsSecret
      ? answer
      : answer.pipe(map((value: unknown) => maskValue(value)));
  }
}
