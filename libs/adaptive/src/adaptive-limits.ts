import type { Server } from 'node:net';
import { Logger } from '@nestjs/common';
import type { AuditTrail } from '#audit';
import { CallRecorder, type Call, type Outcome } from '#call';
import { factors, LAST_LEVEL, type Tightening } from '#throttle';
import type { AdaptiveSettings } from './adaptive.config.ts';
import { Dial, type Step } from './dial.ts';
import { LoopDelay } from './loop-delay.ts';
import {
  PressureGauge,
  pressureOfStrangers,
  pressureOnService,
  type Pressure,
  type Reading,
} from './pressure.ts';
import type { SharedLevels } from './shared-levels.ts';

const EVERY_MS = 1_000;

export interface AdaptiveLimitsOptions {
  settings: AdaptiveSettings;
  tightening: Tightening;
  audit: Pick<AuditTrail, 'event'>;
  shared?: SharedLevels | undefined;
}

/**
 * Tightens limits under attack and relaxes them after it (SUP-29). Told of every settled call; looks once a second at what
 * strangers do and at what the service suffers from. Each step of this process is one audit record.
 */
export class AdaptiveLimits extends CallRecorder {
  readonly #settings: AdaptiveSettings;
  readonly #tightening: Tightening;
  readonly #audit: Pick<AuditTrail, 'event'>;
  readonly #shared: SharedLevels | undefined;
  readonly #gauge = new PressureGauge();
  readonly #dials: { readonly strangers: Dial; readonly everyone: Dial };
  readonly #logger = new Logger('AdaptiveLimits');
  #loopDelay: LoopDelay | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ settings, tightening, audit, shared }: AdaptiveLimitsOptions) {
    super();
    this.#settings = settings;
    this.#tightening = tightening;
    this.#audit = audit;
    this.#shared = shared;
    const { tightenAfterSeconds: tightenAfter, relaxAfterSeconds: relaxAfter } = settings;
    const dial = () => new Dial({ last: LAST_LEVEL, tightenAfter, relaxAfter });
    this.#dials = { strangers: dial(), everyone: dial() };
  }

  /** Once the doors are open: starting up is no attack. */
  start(): void {
    if (!this.#settings.enabled) return;
    this.#loopDelay = new LoopDelay();
    this.#timer = setInterval(() => void this.#look(), EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#loopDelay?.close();
  }

  override record(call: Call, outcome: Outcome): void {
    this.#gauge.count(call, outcome);
  }

  /** Counts the connections of a listener. */
  watch(server: Server): void {
    server.on('connection', () => this.#gauge.connected());
  }

  /** What is left of limits, for the metrics. */
  get factors(): { strangers: number; everyone: number } {
    const { strangers, everyone } = this.#tightening;
    return { strangers: factors[Math.max(strangers, everyone)]!, everyone: factors[everyone]! };
  }

  /** Takes one second into account. */
  async read(reading: Reading): Promise<void> {
    this.#turn('strangers', pressureOfStrangers(reading, this.#settings), reading);
    this.#turn('everyone', pressureOnService(reading, this.#settings), reading);
    const own = { strangers: this.#dials.strangers.level, everyone: this.#dials.everyone.level };
    const levels = this.#shared ? await this.#shared.exchange(own) : own;
    // Higher levels than there are may come from a replica of another version.
    this.#tightening.strangers = Math.min(levels.strangers, LAST_LEVEL);
    this.#tightening.everyone = Math.min(levels.everyone, LAST_LEVEL);
  }

  async #look(): Promise<void> {
    await this.read(this.#gauge.take(this.#loopDelay?.take() ?? 0));
  }

  #turn(scope: 'strangers' | 'everyone', { value, cause }: Pressure, reading: Reading): void {
    const dial = this.#dials[scope];
    const step = dial.read(value);
    if (step) this.#tell(step, scope, factors[dial.level]!, step === 'tightened' ? cause : 'calm', reading);
  }

  #tell(step: Step, scope: string, factor: number, cause: string, reading: Reading): void {
    this.#logger.warn(`Limits of ${scope} ${step} to ${factor}: ${cause}`);
    const { calls, failures, refusals, connections, loopDelayMs } = reading;
    const notes = {
      scope,
      factor,
      cause,
      calls,
      failures,
      refusals,
      connections,
      loop_delay_ms: Math.round(loopDelayMs),
    };
    const severity = step === 'tightened' ? 'HIGH' : 'MEDIUM';
    // The journal says itself that it is down.
    this.#audit.event({ event: `limits_${step}`, severity, notes }).catch(() => undefined);
  }
}
