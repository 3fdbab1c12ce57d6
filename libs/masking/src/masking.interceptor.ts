import { Readable } from 'node:stream';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { after, EventStream, Stage, type AnswerEvent, type Call } from '#call';
import type { ConfigOf } from '#config';
import { maskEvents } from './mask-events.ts';
import { maskValue } from './mask-value.ts';
import { maskingConfig } from './masking.config.ts';
import { maskingOfAnswers, type Masking } from './masking.ts';

/**
 * Masks what a handler answers, unless its operation says that it reveals a secret to its owner: values, bytes of text,
 * and streams. The outermost of the interceptors, so that nothing adds to an answer after it.
 */
@Injectable()
export class MaskingInterceptor extends Stage {
  readonly #masking: Masking;

  constructor(@Optional() @Inject(maskingConfig.KEY) config?: ConfigOf<typeof maskingConfig>) {
    super();
    this.#masking = maskingOfAnswers(config);
  }

  around(call: Call, next: () => unknown): unknown {
    if (call.operation?.revealsSecret) return next();
    return after(next(), (answer) => this.#masked(answer));
  }

  #masked(value: unknown): unknown {
    if (value instanceof EventStream) {
      return new EventStream(maskEvents(value.events, this.#masking) as AsyncIterable<AnswerEvent>);
    }
    return isStreamed(value) ? maskEvents(value, this.#masking) : maskValue(value, this.#masking.mask);
  }
}

function isStreamed(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value &&
    !(value instanceof Readable)
  );
}
