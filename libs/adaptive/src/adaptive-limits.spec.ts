import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { allowed, Call, refusedBy, type Principal } from '#call';
import { readConfig } from '#config';
import { CredentialUnknown, GatehouseError } from '#errors';
import { useKeyspace } from '#testing';
import { Tightening } from '#throttle';
import { adaptiveConfig } from './adaptive.config.ts';
import { AdaptiveLimits } from './adaptive-limits.ts';
import { Dial } from './dial.ts';
import { PressureGauge, type Reading } from './pressure.ts';
import { SharedLevels } from './shared-levels.ts';

const env = { ADAPTIVE_TIGHTEN_SECONDS: '2', ADAPTIVE_RELAX_SECONDS: '3' };
const calm: Reading = { calls: 50, failures: 0, refusals: 0, connections: 5, loopDelayMs: 3 };

beforeEach(() => void vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {}));

function house(shared?: SharedLevels) {
  const events: { event: string; severity: string; notes?: object }[] = [];
  const audit = { event: async (event: (typeof events)[number]) => void events.push(event) };
  const tightening = new Tightening();
  const limits = new AdaptiveLimits({ settings: readConfig(adaptiveConfig, env), tightening, audit, shared });
  return {
    events,
    tightening,
    limits,
    levels: () => [tightening.strangers, tightening.everyone],
    async pass(seconds: number, reading: Partial<Reading> = {}) {
      for (let second = 0; second < seconds; second++) await limits.read({ ...calm, ...reading });
    },
  };
}

describe('limits under attack', () => {
  it.each([
    ['refused calls of strangers', { refusals: 201 }, [1, 0]],
    ['many connections', { connections: 501 }, [1, 0]],
    ['a late event loop', { loopDelayMs: 501 }, [0, 1]],
    ['failures of our own', { calls: 20, failures: 11 }, [0, 1]],
    ['a few failures', { calls: 9, failures: 9 }, [0, 0]],
    ['failures among many calls', { calls: 1_000, failures: 400 }, [0, 0]],
    ['a burst of calls that go well', { calls: 100_000 }, [0, 0]],
  ])('go by what it is: %s', async (_, reading, levels) => {
    const here = house();
    await here.pass(1, reading);
    expect(here.levels()).toEqual([0, 0]);
    await here.pass(1, reading);
    expect(here.levels()).toEqual(levels);
  });

  it('go down to an eighth step by step, and back when it has been calm for long enough, each step recorded', async () => {
    const here = house();
    const path: number[] = [];
    for (let second = 0; second < 10; second++) {
      await here.pass(1, { loopDelayMs: 900 });
      path.push(here.limits.factors.everyone);
    }
    expect(path).toEqual([1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125, 0.125, 0.125]);
    expect(here.limits.factors.strangers).toBe(0.125);
    await here.pass(50, { loopDelayMs: 300 });
    expect(here.limits.factors.everyone).toBe(0.125);
    await here.pass(9);
    expect(here.limits.factors).toEqual({ strangers: 1, everyone: 1 });
    expect(here.events.map(({ event, severity }) => [event, severity])).toEqual([
      ...Array.from({ length: 3 }, () => ['limits_tightened', 'HIGH']),
      ...Array.from({ length: 3 }, () => ['limits_relaxed', 'MEDIUM']),
    ]);
    expect(here.events[0]).toMatchObject({ notes: { scope: 'everyone', factor: 0.5, cause: 'loop delay' } });
    expect(here.events[5]).toMatchObject({ notes: { factor: 1, cause: 'calm' } });
  });

  it('never cut enterprise, and those with a key only for what the service suffers', () => {
    const { tightening } = house();
    tightening.strangers = 2;
    expect(
      ['anonymous', 'untiered', 'free', 'enterprise'].map((one) => tightening.levelOf(one as 'free')),
    ).toEqual([2, 0, 0, 0]);
    tightening.everyone = 3;
    expect(
      ['anonymous', 'untiered', 'free', 'enterprise'].map((one) => tightening.levelOf(one as 'free')),
    ).toEqual([3, 3, 3, 0]);
  });
});

const principal: Principal = { id: 'a', name: 'a', role: 'service', tier: 'free', keyId: 'k' };
const call = (known?: Principal) => {
  const made = new Call({ door: 'rest', address: '192.0.2.1', authorization: undefined });
  made.principal = known;
  return made;
};

describe('what is counted', () => {
  it('are strangers that are refused and faults of ours, and nothing twice', () => {
    const gauge = new PressureGauge();
    gauge.count(call(), refusedBy(new CredentialUnknown()));
    gauge.count(call(principal), refusedBy(new GatehouseError('RATE_LIMITED', 'well behaved or not')));
    gauge.count(call(principal), allowed(call(principal), 200));
    for (const code of ['INTERNAL', 'TIMED_OUT', 'UNAVAILABLE', 'UPSTREAM_FAILED'] as const)
      gauge.count(call(principal), refusedBy(new GatehouseError(code, 'x')));
    gauge.connected();
    expect(gauge.take(7)).toEqual({ calls: 7, failures: 3, refusals: 1, connections: 1, loopDelayMs: 7 });
    expect(gauge.take(0)).toEqual({ calls: 0, failures: 0, refusals: 0, connections: 0, loopDelayMs: 0 });
  });
});

describe('Dial', () => {
  it('starts anew with each break', () => {
    const dial = new Dial({ last: 3, tightenAfter: 3, relaxAfter: 3 });
    expect([2, 2, 0.7, 2, 2, 1, 2, 2].map((pressure) => dial.read(pressure))).toEqual(
      Array(8).fill(undefined),
    );
    expect(dial.read(2)).toBe('tightened');
    expect([0.1, 0.1, 0.6, 0.1, 0.1].map((pressure) => dial.read(pressure))).toEqual(
      Array(5).fill(undefined),
    );
    expect(dial.read(0.1)).toBe('relaxed');
    expect([0, 0, 0].map((pressure) => dial.read(pressure))).toEqual([undefined, undefined, undefined]);
  });
});

describe('levels of several replicas', () => {
  const keyspace = useKeyspace();

  it('are the highest of them, and their own where Valkey is away', async () => {
    const connection = { ...keyspace(), up: true };
    const [one, two] = [house(new SharedLevels(connection)), house(new SharedLevels(connection))];
    await one.pass(2, { refusals: 900, loopDelayMs: 900 });
    expect(one.levels()).toEqual([1, 1]);
    await two.pass(1);
    expect(two.levels()).toEqual([1, 1]);
    expect(two.events).toEqual([]);
    connection.up = false;
    await two.pass(1);
    expect([one.levels(), two.levels()]).toEqual([
      [1, 1],
      [0, 0],
    ]);
    connection.up = true;
    await one.pass(3);
    await two.pass(1);
    expect([one.levels(), two.levels()]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});
