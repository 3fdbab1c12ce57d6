import { describe, expect, it } from 'vitest';
import type { Division } from './audit-trail.ts';
import { findExcess, type CheckedLimit, type LimitedCall, type Troubles } from './limit-checks.ts';

const WINDOW_MS = 1_000;
const ten: CheckedLimit = {
  name: 'client',
  max: 10,
  windowMs: WINDOW_MS,
  subjectOf: ({ client }) => client,
};
const calm: Troubles = { divisions: [], forgettings: [] };

/** Let through, 5 ms after each other, each counted within 2 ms. */
function burst(
  count: number,
  from: number,
  chain = 'a',
  client: string | undefined = 'alice',
): LimitedCall[] {
  return Array.from({ length: count }, (_, index) => {
    const asked = from + index * 5;
    return { asked, ended: asked + 2, chain, client, address: '', operation: '' };
  });
}

function alone(chain: string, from = 10_000, to = 20_000, replicas = 2): Division {
  return { chain, from, to, replicas };
}

const excessOf = (calls: LimitedCall[], troubles: Troubles = calm): number =>
  new Set(findExcess(calls, [ten], troubles).flatMap((excess) => excess.calls)).size;

describe('the check of a limit', () => {
  it('finds the one call that is too many, of any process, at any edge', () => {
    expect(excessOf([...burst(10, 0), ...burst(10, 1_000)])).toBe(0);
    expect(excessOf([...burst(6, 500, 'a'), ...burst(5, 900, 'b')])).toBe(1);
    expect(excessOf([...burst(10, 0), ...burst(1, 990)])).toBe(1);
    expect(excessOf([...burst(7, 0), ...burst(7, 700), ...burst(7, 1_400)])).toBeGreaterThan(1);
  });

  it('tells subjects apart, and leaves those alone that the limit is not for', () => {
    expect(excessOf([...burst(10, 0), ...burst(10, 0, 'a', 'bob')])).toBe(0);
    const strangers = burst(50, 0).map((call) => ({ ...call, client: undefined }));
    expect(excessOf(strangers)).toBe(0);
  });

  it('blames nobody for a call that may have been counted before or after', () => {
    const slow = { ...burst(1, 0)[0]!, asked: -5, ended: 500 };
    expect(excessOf([slow, ...burst(10, 0)])).toBe(1);
    expect(excessOf([{ ...slow, asked: -900 }, ...burst(10, 102)])).toBe(0);
  });

  it('gives each process that is alone its share, and no more', () => {
    const both = { ...calm, divisions: [alone('a'), alone('b')] };
    expect(excessOf([...burst(5, 12_000, 'a'), ...burst(5, 12_000, 'b')], both)).toBe(0);
    expect(excessOf([...burst(6, 12_000, 'a'), ...burst(5, 12_000, 'b')], both)).toBe(1);
    expect(excessOf(burst(6, 12_000, 'a'), { ...calm, divisions: [alone('b')] })).toBe(0);
    expect(excessOf(burst(10, 12_000, 'a'), { ...calm, divisions: [alone('a', 0, 99_000, 1)] })).toBe(0);
  });

  it('lets a process that goes alone give no second helping', () => {
    const turn = { ...calm, divisions: [alone('a', 10_000), alone('b', 10_000)] };
    expect(excessOf([...burst(3, 9_500, 'a'), ...burst(2, 10_200, 'a')], turn)).toBe(0);
    expect(excessOf([...burst(3, 9_500, 'a'), ...burst(3, 10_200, 'a')], turn)).toBe(1);
    expect(excessOf([...burst(10, 9_500, 'a'), ...burst(5, 10_200, 'b')], turn)).toBe(0);
    expect(excessOf([...burst(10, 9_500, 'a'), ...burst(6, 10_200, 'b')], turn)).toBe(1);
  });

  it('gives the limit once more for each time that Valkey forgot, in the windows in which it did', () => {
    const forgot = { ...calm, forgettings: [{ from: 600, to: 650 }] };
    expect(excessOf([...burst(10, 500), ...burst(10, 700)], forgot)).toBe(0);
    expect(excessOf([...burst(11, 500), ...burst(10, 700)], forgot)).toBe(1);
    expect(excessOf([...burst(10, 2_000), ...burst(1, 2_700)], forgot)).toBe(1);
  });
});
