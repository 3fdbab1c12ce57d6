import { Inject, Injectable } from '@nestjs/common';
import type { LimitClaim, LimitUsage } from '../limit.ts';
import { LimitPlans } from '../plan/limit-plans.ts';
import { factors, Tightening } from '../plan/tightening.ts';
import { throttleConfig, type ThrottleSettings } from '../throttle.config.ts';
import { ThrottleStore } from '../throttle-store.ts';

/** How a client stands with one limit (ARC-27). */
export interface LimitStatusView {
  /** `client`, `tier-hour:free`, `operation:rag.ask`; with `@address` where the caller had no key. */
  name: string;
  /** Calls that count at this moment. */
  requests_made: number;
  limit: number;
  remaining: number;
  window_seconds: number;
  /** Epoch seconds: when the oldest of those calls no longer counts. */
  reset: number;
}

/** The tightest of a client's limits, and each that it has made calls against. */
export interface ClientLimitsView extends LimitStatusView {
  client: string;
  /** What is left of the limits of all callers with a key (enterprise apart), and of those without; there under attack only. */
  tightened?: { everyone: number; strangers: number };
  limits: LimitStatusView[];
}

/** What an admin may ask of a client's limits, and do about them. */
@Injectable()
export class ClientLimits {
  constructor(
    private readonly store: ThrottleStore,
    private readonly plans: LimitPlans,
    private readonly tightening: Tightening,
    @Inject(throttleConfig.KEY) private readonly settings: ThrottleSettings,
  ) {}

  /** A client that has made no call that counts is shown the client default: its tier is not known here. */
  async read(client: string): Promise<ClientLimitsView> {
    return this.#show(client, await this.#inUse(client));
  }

  /** Works at once: the next call is the first. Shows the limits that were in use, as they stand then. */
  async reset(client: string): Promise<ClientLimitsView> {
    const inUse = await this.#inUse(client);
    await this.store.reset(this.plans.claimsOn(client));
    return this.#show(client, inUse);
  }

  async #inUse(client: string): Promise<LimitClaim[]> {
    const claims = this.plans.claimsOn(client);
    const usages = await this.store.status(claims);
    return claims.filter((_, index) => usages[index]!.used > 0);
  }

  async #show(client: string, claims: readonly LimitClaim[]): Promise<ClientLimitsView> {
    const usages = await this.store.status(claims);
    const limits = claims.map((claim, index) => viewOf(claim, usages[index]!));
    const [tightest] = limits.toSorted((a, b) => a.remaining - b.remaining || b.reset - a.reset);
    return { client, ...(tightest ?? this.#untouched()), ...this.#tightened(), limits };
  }

  #tightened(): Pick<ClientLimitsView, 'tightened'> {
    const [everyone, strangers] = [this.tightening.levelOf('untiered'), this.tightening.levelOf('anonymous')];
    if (strangers === 0) return {};
    return { tightened: { everyone: factors[everyone]!, strangers: factors[strangers]! } };
  }

  #untouched(): LimitStatusView {
    const { clientMax: max, clientWindowMs: windowMs } = this.settings;
    const limit = { id: 'client', name: 'client', max, windowMs };
    return viewOf({ limit, subject: '' }, { used: 0, roomInMs: windowMs });
  }
}

function viewOf({ limit }: LimitClaim, { used, roomInMs }: LimitUsage): LimitStatusView {
  return {
    name: limit.id,
    requests_made: used,
    limit: limit.max,
    remaining: Math.max(0, limit.max - used),
    window_seconds: limit.windowMs / 1000,
    reset: Math.ceil((Date.now() + roomInMs) / 1000),
  };
}
