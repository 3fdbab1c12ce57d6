import type { Call, Outcome } from '#call';
import type { ErrorCode } from '#errors';
import type { AdaptiveSettings } from './adaptive.config.ts';

/** What happened in one second, and how busy the process was. */
export interface Reading {
  calls: number;
  failures: number;
  /** Refused calls of nobody known. */
  refusals: number;
  connections: number;
  loopDelayMs: number;
}

/** The highest of its kind, as a part of its threshold. */
export interface Pressure {
  value: number;
  /** Which one it is: `refusals`, `connections`, `loop delay`, `failures`. */
  cause: string;
}

/** A model provider that is down is no attack, and a client that leaves is none either. */
const OUR_FAULT: ReadonlySet<ErrorCode> = new Set(['INTERNAL', 'TIMED_OUT', 'UNAVAILABLE']);
const LEAST_FAILURES = 10;

/** Counts what happens until it is read. */
export class PressureGauge {
  #calls = 0;
  #failures = 0;
  #refusals = 0;
  #connections = 0;

  count({ principal }: Call, { result, code }: Outcome): void {
    this.#calls++;
    if (result === 'refused' && !principal) this.#refusals++;
    else if (result === 'failed' && code !== undefined && OUR_FAULT.has(code)) this.#failures++;
  }

  connected(): void {
    this.#connections++;
  }

  /** What was counted since the last time. */
  take(loopDelayMs: number): Reading {
    const reading = {
      calls: this.#calls,
      failures: this.#failures,
      refusals: this.#refusals,
      connections: this.#connections,
      loopDelayMs,
    };
    this.#calls = this.#failures = this.#refusals = this.#connections = 0;
    return reading;
  }
}

/** What strangers do. */
export function pressureOfStrangers(
  { refusals, connections }: Reading,
  settings: AdaptiveSettings,
): Pressure {
  return highest([
    { value: refusals / settings.refusalsPerSecond, cause: 'refusals' },
    { value: connections / settings.connectionsPerSecond, cause: 'connections' },
  ]);
}

/** What the service suffers from, whoever does it. */
export function pressureOnService(
  { loopDelayMs, calls, failures }: Reading,
  settings: AdaptiveSettings,
): Pressure {
  const part = failures < LEAST_FAILURES ? 0 : (100 * failures) / calls;
  return highest([
    { value: loopDelayMs / settings.loopDelayMs, cause: 'loop delay' },
    // At the threshold itself it counts: all calls may be needed for it.
    {
      value: part >= settings.failuresPercent ? 1 + part / 100 : part / settings.failuresPercent,
      cause: 'failures',
    },
  ]);
}

function highest(all: readonly [Pressure, ...Pressure[]]): Pressure {
  return all.reduce((one, other) => (other.value > one.value ? other : one));
}
