import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SkipThrottle } from '@nestjs/throttler';
import { Call, Operation, refusedBy } from '#call';
import type { ErrorCode } from '#errors';
import { publicError } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { HandlerWrapper } from '../offer/handler-wrapper.ts';
import type { Handler } from '../offer/handler.ts';

/** A key that was revoked, or has expired, is listened with for so long at most. */
const EVERY_MS = 15_000;
const ENDING = new Set<ErrorCode>([
  'CREDENTIAL_MISSING',
  'CREDENTIAL_INVALID',
  'CREDENTIAL_UNKNOWN',
  'CREDENTIAL_EXPIRED',
  'ACCESS_REFUSED',
]);

interface Watched {
  readonly call: Call;
  readonly exchange: Exchange;
  readonly end: () => void;
}

/**
 * Asks again and again, of each stream that stays open, whether its caller may still listen: the same pipeline that let
 * it in decides, and the refusal that ends it leaves its record. What else goes wrong meanwhile ends nothing.
 */
@Injectable()
export class StreamWatch implements OnModuleInit, OnModuleDestroy {
  readonly #watched = new Set<Watched>();
  readonly #clock = setInterval(() => void this.check(), EVERY_MS).unref();
  #stay!: Handler;

  constructor(private readonly wrapper: HandlerWrapper) {}

  onModuleInit(): void {
    this.#stay = this.wrapper.wrap(this, 'stay') as Handler;
  }

  /** Returns what ends the watch. */
  watch(watched: Watched): () => void {
    this.#watched.add(watched);
    return () => this.#watched.delete(watched);
  }

  /** Nobody asked for it, so it is on nobody's account. */
  @SkipThrottle()
  @Operation({ name: 'mcp.stay', permission: 'mcp:use' })
  stay(): void {}

  async check(): Promise<void> {
    for (const watched of this.#watched) await this.#checkOne(watched);
  }

  async #checkOne(watched: Watched): Promise<void> {
    const { door, address, authorization, clientCertificate, target } = watched.call;
    const again = new Call({ door, address, authorization, clientCertificate });
    Object.assign(again, { operation: this.#stay.operation, target, input: {} });
    try {
      await this.#stay.run({}, again);
    } catch (thrown) {
      const error = publicError(thrown);
      if (!ENDING.has(error.code)) return;
      this.#watched.delete(watched);
      watched.end();
      await watched.exchange.record?.(again, refusedBy(error)).catch(() => undefined);
    }
  }

  onModuleDestroy(): void {
    clearInterval(this.#clock);
  }
}
