/** Milliseconds since 1970 by a clock that never steps: what is compared with the times in the audit trail. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
