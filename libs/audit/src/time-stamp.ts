/** `20251121T080212345Z`: ISO 8601 in UTC without what a file name can't have everywhere. Sorts by time. */
export function timeStamp(time: Date): string {
  return time.toISOString().replace(/[-:.]/g, '');
}
