/**
 * Milliseconds of the processor that `work` took on this thread. Not the clock's: what else the machine does
 * meanwhile is not counted, so a bound on it tells a square from a line on a busy machine too.
 */
export function processorTime(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
