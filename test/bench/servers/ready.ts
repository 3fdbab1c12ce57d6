import { setTimeout as sleep } from 'node:timers/promises';

/** What a server under measurement tells the process that measures it. */
export interface Ready {
  port: number;
  headers?: Record<string, string>;
  /** Of clients that it knows. */
  keys?: string[];
}

/** What it may be asked. */
export interface Told {
  tell: 'memory';
}

/** In bytes. */
export interface Memory {
  rss: number;
  heapUsed: number;
  external: number;
}

/** What was freed is given back to the system a little later. */
const SETTLE_MS = 500;

export function ready(message: Ready): void {
  process.send?.(message);
  process.once('disconnect', () => process.exit(0));
  process.on('message', () => void tellMemory());
}

async function tellMemory(): Promise<void> {
  for (let time = 0; time < 2; time++) {
    global.gc?.();
    await sleep(SETTLE_MS);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, heapUsed, external } satisfies Memory);
}
