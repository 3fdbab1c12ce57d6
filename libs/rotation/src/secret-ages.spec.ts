import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { SecretNews, SecretState, Secrets } from '#secrets';
import { databases, useDatabase } from '#testing';
import { lifetimeOf } from './lifetime-of.ts';
import { SecretAges } from './secret-ages.ts';
import { SecretSightings } from './secret-sightings.ts';

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
const sinceOf = (ages: SecretAges, name: string) => ages.list().find((age) => age.name === name)!.since;
const state = (name: string, changes: Partial<SecretState> = {}): SecretState => ({
  name,
  source: 'environment',
  writtenAt: undefined,
  fingerprint: '0a1b',
  refused: undefined,
  ...changes,
});

describe('how long a secret may be used', () => {
  it.each([
    ['DATABASE_URL', 90],
    ['VALKEY_PASSWORD', 90],
    ['OPENAI_API_KEY', 90],
    ['GATEHOUSE_API_KEY', 90],
    ['WS_AUTH_TOKEN', 90],
    ['JWT_SECRET', 180],
    ['API_KEY_PEPPER', 180],
    ['JWT_PREVIOUS_SECRET', undefined],
    ['AUDIT_SIGNING_KEY', undefined],
  ])('is for %s %s days', (name, days) => {
    expect(lifetimeOf(name)).toBe(days);
  });
});

describe.each(databases)('the ages of secrets on $name', (kind) => {
  const database = useDatabase(kind);
  const warn = vi.spyOn(Logger.prototype, 'warn');
  beforeEach(async () => {
    warn.mockReset().mockReturnValue();
    await database().kysely.deleteFrom('secret_sightings').execute();
  });

  /** A process that starts with these secrets; `rotate` is what happens to them. */
  async function start(states: SecretState[]) {
    let now = states;
    let hear: ((news: SecretNews) => void) | undefined;
    const secrets: Pick<Secrets, 'states' | 'onNews'> = {
      states: () => now,
      onNews: (listener) => {
        hear = listener;
        return () => undefined;
      },
    };
    const ages = new SecretAges(secrets as Secrets, new SecretSightings(database()));
    await ages.onApplicationBootstrap();
    const rotate = (next: SecretState[]): void => {
      now = next;
      hear?.({ event: 'secret_rotated', name: next[0]!.name, source: next[0]!.source });
    };
    return { ages, rotate };
  }

  it('are remembered over restarts, also where the file is newer than the secret', async () => {
    const old = daysAgo(30);
    await start([state('MCP_SIG_SECRET', { source: 'file', writtenAt: old })]);
    const { ages } = await start([state('MCP_SIG_SECRET', { source: 'file', writtenAt: new Date() })]);
    expect(sinceOf(ages, 'MCP_SIG_SECRET')).toEqual(old);
  });

  it('begin anew with another value, at a start and under way', async () => {
    const first = await start([state('JWT_SECRET', { source: 'file', writtenAt: daysAgo(30) })]);
    first.rotate([state('JWT_SECRET', { fingerprint: 'ffff' })]);
    await expect.poll(() => +sinceOf(first.ages, 'JWT_SECRET')).toBeGreaterThan(+daysAgo(1));
    const second = await start([
      state('JWT_SECRET', { fingerprint: '1234', writtenAt: daysAgo(2), source: 'file' }),
    ]);
    expect(+sinceOf(second.ages, 'JWT_SECRET')).toBeLessThan(+daysAgo(1));
  });

  it('are what AWS says of its versions', async () => {
    const written = daysAgo(12);
    await start([state('JWT_SECRET')]);
    const { ages } = await start([state('JWT_SECRET', { source: 'aws', writtenAt: written })]);
    expect(sinceOf(ages, 'JWT_SECRET')).toEqual(written);
  });

  it('are told at a start when one is overdue, by its name', async () => {
    const { ages } = await start([
      state('JWT_SECRET', { source: 'aws', writtenAt: daysAgo(181) }),
      state('DATABASE_URL', { source: 'aws', writtenAt: daysAgo(89) }),
    ]);
    expect(ages.list().map(({ name, overdue }) => [name, overdue])).toEqual([
      ['JWT_SECRET', true],
      ['DATABASE_URL', false],
    ]);
    expect(warn.mock.calls.flat().join()).toContain('too old: JWT_SECRET');
  });
});
