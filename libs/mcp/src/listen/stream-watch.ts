import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SkipThrottle } from '@nestjs/throttler';
import { Call, Operation, refusedBy } from '#call';
import type { ErrorCode } from '#errors';
import { publicError } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { HandlerWrapper } from '../offer/handler-wrapper.ts';
import type { Handler } from '../offer/handler.ts';

/** A key that was revoked, or has expired, is listened with for so long, as long as there are few of them. */
const EVERY_MS = 1_000;
/** So many credentials are asked about at a time: the store has other work too. */
const AT_A_TIME = 50;
const ENDING = new Set<ErrorCode>([
  'CREDENTIAL_MISSING',
  'CREDENTIAL_INVALID',
  'CREDENTIAL_UNKNOWN',
  'CREDENTIAL_EXPIRED',
  'ACCESS_REFUSED',
]);

interface Watched {
  readonly call: Call;
  readonly exchange: Pick<Exchange, 'record'>;
  readonly end: () => void;
}

/**
 * Asks again and again, of each stream that stays open, whether its caller may still listen: the same pipeline that let
 * it in decides, and the refusal that ends it leaves its record. What else goes wrong meanwhile ends nothing.
 */
@Injectable()
export class StreamWatch implements OnModuleInit, OnModuleDestroy {
  /** By what their callers have shown, since one answer is good for all who have shown the same; asked longest ago first. */
  readonly #watched = new Map<string, Set<Watched>>();
  readonly #clock = setInterval(() => void this.#tick(), EVERY_MS).unref();
  #stay!: Handler;
  #isChecking = false;

  constructor(private readonly wrapper: HandlerWrapper) {}

  onModuleInit(): void {
    this.#stay = this.wrapper.wrap(this, 'stay') as Handler;
  }

  /** Returns what ends the watch. */
  watch(watched: Watched): () => void {
    const shown = shownIn(watched.call);
    const alike = this.#watched.get(shown) ?? new Set();
    this.#watched.set(shown, alike.add(watched));
    return () => this.#forget(watched);
  }

  /** Nobody asked for it, so it is on nobody's account. */
  @SkipThrottle()
  @Operation({ name: 'mcp.stay', permission: 'mcp:use' })
  stay(): void {}

  async check(atMost = Infinity): Promise<void> {
    const next = [...this.#watched].slice(0, atMost);
    // In turn, where there are more of them than can be asked about at a time.
    for (const [shown, alike] of next) {
      this.#watched.delete(shown);
      this.#watched.set(shown, alike);
    }
    await Promise.all(next.map(([, alike]) => this.#checkAlike(alike)));
  }

  async #tick(): Promise<void> {
    if (this.#isChecking) return; // The store takes its time.
    this.#isChecking = true;
    await this.check(AT_A_TIME).finally(() => (this.#isChecking = false));
  }

  async #checkAlike(alike: ReadonlySet<Watched>): Promise<void> {
    for (const watched of alike) if (!(await this.#checkOne(watched, alike))) return;
  }

  /** Whether it was ended, so that those who have shown the same are to be looked at too. */
  async #checkOne(watched: Watched, alike: ReadonlySet<Watched>): Promise<boolean> {
    const { door, address, authorization, clientCertificate, target } = watched.call;
    const again = new Call({ door, address, authorization, clientCertificate });
    Object.assign(again, { operation: this.#stay.operation, target, input: {} });
    try {
      await this.#stay.run({}, again);
      return false;
    } catch (thrown) {
      const error = publicError(thrown);
      // It may have ended by itself meanwhile.
      if (!ENDING.has(error.code) || !alike.has(watched)) return false;
      this.#forget(watched);
      watched.end();
      await watched.exchange.record?.(again, refusedBy(error)).catch(() => undefined);
      return true;
    }
  }

  #forget(watched: Watched): void {
    const shown = shownIn(watched.call);
    const alike = this.#watched.get(shown);
    alike?.delete(watched);
    if (alike?.size === 0) this.#watched.delete(shown);
  }

  onModuleDestroy(): void {
    clearInterval(this.#clock);
  }
}

/** A header has no line break in it. */
function shownIn({ authorization = '', clientCertificate }: Call): string {
  return `${authorization}\n${clientCertificate?.fingerprint ?? ''}`;
}
