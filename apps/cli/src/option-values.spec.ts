import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerAudit } from './audit.command.ts';
import { moment, wholeNumber } from './option-values.ts';
import { runCommand } from './testing/run-command.ts';

describe('the value of an option', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['1', 1],
    ['64', 64],
  ])('may be the whole number %s', (text, value) => {
    expect(wholeNumber(1, 64)(text)).toBe(value);
  });

  it.each(['0', '65', '-1', '1.5', '1e1', '', ' 1', '9999999999'])('may not be the number %j', (text) => {
    expect(() => wholeNumber(1, 64)(text)).toThrow('It must be a whole number from 1 to 64.');
  });

  it('may be a moment, by its date or by how long ago it was', () => {
    expect(moment('2026-07-28T08:00:00+02:00')).toBe('2026-07-28T06:00:00.000Z');
    vi.useFakeTimers({ now: Date.parse('2026-07-28T08:00:00Z') });
    expect(moment('2h')).toBe('2026-07-28T06:00:00.000Z');
  });

  it('that is no moment is told, and what is allowed with it', async () => {
    const { code, stderr } = await runCommand(registerAudit, 'audit', 'show', '--since', 'yesterday');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('or how long ago, as in 15m'),
    });
  });
});
