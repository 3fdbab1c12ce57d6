import { SingleBar } from 'cli-progress';

/** A bar on standard error, where somebody looks on and there is anything to do. It is gone once it stops. */
export function progressBar(total: number, format: string, note: object = {}): SingleBar | undefined {
  if (!process.stderr.isTTY || total === 0) return undefined;
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true });
  bar.start(total, 0, note);
  return bar;
}
