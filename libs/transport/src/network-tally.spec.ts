import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NetworkTally } from './network-tally.ts';

describe('what strangers do before there is a call', () => {
  const written: unknown[][] = [];
  let tally: NetworkTally;
  beforeEach(() => {
    vi.useFakeTimers();
    written.length = 0;
    tally = new NetworkTally((...line) => written.push(line));
  });
  afterEach(() => {
    tally.close();
    vi.useRealTimers();
  });

  it('is written at once the first time, and then once a minute for all', () => {
    for (let n = 0; n < 1_000; n++) tally.note('192.0.2.1', 'too large');
    tally.note('198.51.100.1', 'too large');
    expect(written).toEqual([
      ['192.0.2.1', 1, 'too large'],
      ['198.51.100.1', 1, 'too large'],
    ]);
    vi.advanceTimersByTime(60_000);
    expect(written.slice(2)).toEqual([['192.0.2.1', 999, 'several']]);
    tally.note('192.0.2.1', 'too large');
    expect(written.at(-1)).toEqual(['192.0.2.1', 1, 'too large']);
  });

  it('takes no more memory for many networks, and is written when all ends', () => {
    for (let n = 0; n < 1_500; n++) tally.note(`10.${n >> 8}.${n & 255}.1`, 'too large');
    expect(written).toHaveLength(1_000);
    tally.close();
    expect(written.at(-1)).toEqual(['others', 500, 'several']);
  });
});
