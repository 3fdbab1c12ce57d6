/** The calls of one subject that count against one limit. Times are milliseconds of a clock that never goes back. */
export interface CallLog {
  /** Calls that count now. */
  count(now: number): number;
  add(now: number): void;
  /** Milliseconds until fewer than `max` calls count, or, where that is so already, until one fewer does. */
  roomIn(now: number, max: number): number;
}

/** How many of the oldest calls have to leave for `roomIn`. */
export function leaversFor(used: number, max: number): number {
  return Math.min(used, Math.max(1, used - max + 1));
}
