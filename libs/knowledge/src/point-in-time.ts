import { InvalidInput } from '#errors';

const DAY_MS = 86_400_000;

/** The moment that an ISO 8601 text names: a day is its beginning, and without an offset it is UTC. Throws InvalidInput. */
export function pointInTime(text: string, path: string): Date {
  const day = text.slice(0, 10);
  const time = text.slice(10);
  const moment = new Date(day + (time === '' || /(?:Z|[+-]\d{2}:\d{2})$/.test(time) ? time : `${time}Z`));
  const midnight = new Date(day);
  // The 31st of February would pass for the 3rd of March.
  if (
    Number.isNaN(moment.getTime()) ||
    Number.isNaN(midnight.getTime()) ||
    !midnight.toISOString().startsWith(day)
  ) {
    throw new InvalidInput('A date does not exist', [{ path, message: 'must be a point in time, ISO 8601' }]);
  }
  return moment;
}

/** The first moment after it: after the whole day, where only a day is named. */
export function momentAfter(text: string, path: string): Date {
  return new Date(pointInTime(text, path).getTime() + (text.length === 10 ? DAY_MS : 1));
}
