import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses the value of an option, for commander: digits alone. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A moment, as ISO 8601 in UTC, so that texts compare as times do: from such a text, or from how long ago it was. */
export function moment(text: string): string {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at = count === undefined ? new Date(text) : new Date(Date.now() - Number(count) * UNITS[unit]!);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidArgumentError(
    'It must be a time, as in 2026-07-28T08:00:00Z, or how long ago, as in 15m.',
  );
}
