import { Injectable, Optional, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SkipThrottle } from '@nestjs/throttler';
import { Call, Operation, refusedBy, type Principal } from '#call';
import type { ErrorCode } from '#errors';
import { Doubts } from '#identity';
import { publicError } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { HandlerWrapper } from '../offer/handler-wrapper.ts';
import type { Handler } from '../offer/handler.ts';

/** A key that has expired, or was revoked by somebody who tells nobody, is listened with for so long. */
const EVERY_MS = 500;
/** So many credentials walk the whole pipeline each time, in turn: the store has other work too. */
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
 * Asks of each stream that stays open whether its caller may still listen: the same pipeline that let it in decides, and
 * the refusal that ends it leaves its record. At once where a credential was changed, within EVERY_MS where one question
 * about all of them finds it, and in turn for what neither tells. What else goes wrong meanwhile ends nothing.
 */
@Injectable()
export class StreamWatch implements OnModuleInit, OnModuleDestroy {
  /** By what their callers have shown, since one answer is good for all who have shown the same; asked longest ago first. */
  readonly #watched = new Map<string, Set<Watched>>();
  readonly #clock = setInterval(() => void this.#tick(), EVERY_MS).unref();
  #stay!: Handler;
  #isChecking = false;

  constructor(
    private readonly wrapper: HandlerWrapper,
    @Optional() private readonly doubts?: Doubts,
  ) {}

  onModuleInit(): void {
    this.doubts?.listen((keyId) => void this.#recheck(keyId));
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
    try {
      // A store that is away says so at each call.
      await this.doubts?.look(this.#principals()).catch(() => undefined);
      await this.check(AT_A_TIME);
    } finally {
      this.#isChecking = false;
    }
  }

  /** One of each credential: those who have shown the same are the same. */
  *#principals(): Generator<Principal> {
    for (const alike of this.#watched.values()) {
      const [one] = alike;
      if (one?.call.principal) yield one.call.principal;
    }
  }

  async #recheck(keyId: string): Promise<void> {
    const changed = [...this.#watched.values()].filter((alike) => {
      const [one] = alike;
      return one?.call.principal?.keyId === keyId;
    });
    await Promise.all(changed.map((alike) => this.#checkAlike(alike)));
  }

  async #checkAlike(alike: ReadonlySet<Watched>): Promise<void> {
    const [one, ...others] = alike;
    if (one && (await this.#checkOne(one, alike)))
      await Promise.all(others.map((other) => this.#checkOne(other, alike)));
  }

  /** Whether it was ended, so that those who have shown the same are to be looked at too. */
  async #checkOne(watched: Watched, alike: ReadonlySet<Watched>): Promise<boolean> {
    const { door, address, authorization, clientCertificate, target } = watched.call;
    const again = new Call({ door, address, authorization, clientCertificate });
    Object.assign(again, { unasked: true, operation: this.#stay.operation, target, input: {} });
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
