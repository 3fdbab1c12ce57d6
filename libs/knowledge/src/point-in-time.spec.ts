import { describe, expect, it } from 'vitest';
import { InvalidInput } from '#errors';
import { momentAfter, pointInTime } from './point-in-time.ts';

describe('a point in time', () => {
  it.each([
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T10:15', '2026-03-01T10:15:00.000Z'],
    ['2026-03-01T10:15:30', '2026-03-01T10:15:30.000Z'],
    ['2026-03-01T10:15:30.25Z', '2026-03-01T10:15:30.250Z'],
    ['2026-03-01T10:15:30+02:00', '2026-03-01T08:15:30.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('is read from %s', (text, moment) => {
    expect(pointInTime(text, '/timestamp').toISOString()).toBe(moment);
  });

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2027-02-29T00:00:00Z',
    '2026-01-01T24:30:00Z',
    '2026-01-01T10:00:00+29:00',
  ])('is not %s', (text) => {
    expect(() => pointInTime(text, '/timestamp')).toThrow(InvalidInput);
  });

  it('is over after the whole day, or at the next moment', () => {
    expect(momentAfter('2026-03-01', '/date_to').toISOString()).toBe('2026-03-02T00:00:00.000Z');
    expect(momentAfter('2026-03-01T10:00Z', '/date_to').toISOString()).toBe('2026-03-01T10:00:00.001Z');
  });
});
