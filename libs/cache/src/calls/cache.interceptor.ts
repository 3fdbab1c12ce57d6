import { Injectable } from '@nestjs/common';
import { Stage, type Call } from '#call';
import { maskValue, type MaskText } from '#masking';
import { Cache } from '../cache.ts';
import { CallKeys } from './call-keys.ts';
import { CachedOperations, type CachedHandler } from './cached-operations.ts';
import { isStorable } from './storable.ts';

/** How answers are masked before they are kept: as they are on their way out. */
export abstract class CacheMasking {
  abstract readonly name: string;
  abstract readonly mask: MaskText;
}

/** An answer that is for one caller alone. Thrown, so that it is neither kept nor given to who waits. */
class NotForOthers extends Error {
  constructor(
    readonly call: Call,
    readonly answer: unknown,
  ) {
    super('This answer is for its caller alone');
  }
}

/**
 * Answers from the cache what is declared `@Cached`. It stands behind every guard, so whoever is answered is known, within
 * its limits and allowed, and asks what is well made; and inside of masking, through which each answer goes again.
 */
@Injectable()
export class CacheInterceptor extends Stage {
  constructor(
    private readonly cache: Cache,
    private readonly handlers: CachedOperations,
    private readonly keys: CallKeys,
    private readonly masking: CacheMasking,
  ) {
    super();
  }

  around(call: Call, next: () => unknown): unknown {
    const handler = this.handlers.of(call.operation);
    return handler ? this.#answer(handler, call, next) : next();
  }

  async #answer(handler: CachedHandler, call: Call, next: () => unknown): Promise<unknown> {
    const key = await this.#keyOf(handler, call);
    if (key === undefined) return next();
    const compute = async (): Promise<unknown> => {
      const answer = await next();
      if (call.asked || !isStorable(answer)) throw new NotForOthers(call, answer);
      return maskValue(answer, this.masking.mask);
    };
    try {
      return await this.cache.getOrCompute(key, compute, {
        ...handler.cache,
        keep: (answer) => handler.keep?.(answer as never) ?? true,
        signal: call.signal,
        onOutcome: (outcome) => call.note('cache', outcome),
      });
    } catch (error) {
      if (!(error instanceof NotForOthers)) throw error;
      return error.call === call ? error.answer : next();
    }
  }

  async #keyOf(handler: CachedHandler, call: Call): Promise<string | undefined> {
    try {
      return this.keys.of(handler, call, (await handler.revision?.current(call)) ?? '');
    } catch {
      return undefined; // Nobody knows what the answer depends on, so it is computed.
    }
  }
}
