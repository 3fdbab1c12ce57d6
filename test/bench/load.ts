import { createHistogram, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.ts';

export interface Load {
  /** All that were answered, also before and after the time. */
  requests: number;
  /** Answered in time. */
  requestsPerSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

export interface LoadOptions {
  port: number;
  headers: Readonly<Record<string, string>>;
  /** Of the connection with this number. */
  bodyOf: (connection: number) => string;
  /** What every answer has in it. */
  expected: string;
  connections: number;
  seconds: number;
}

const OPENED_AT_ONCE = 64;
/** For the answers that are still on their way when the time is up. */
const DRAIN_MS = 30_000;

/** A bounded burst of POST /mcp, one request at a time on each connection. Throws for an answer that is not as expected. */
export async function loadOf(options: LoadOptions): Promise<Load> {
  const { port, headers, bodyOf, expected, connections: count, seconds } = options;
  const requests = Array.from({ length: count }, (_, index) =>
    requestOf({ port, headers, body: bodyOf(index) }),
  );
  const connections: Connection[] = [];
  try {
    while (connections.length < count) {
      const some = Math.min(OPENED_AT_ONCE, count - connections.length);
      connections.push(...(await Promise.all(Array.from({ length: some }, () => Connection.open(port)))));
      // Answered once before the time begins: a busy server takes in one new connection at each turn of its loop.
      const first = connections.length - some;
      const opened = connections.slice(first);
      await Promise.all(opened.map((connection, index) => connection.exchange(requests[first + index]!)));
    }
    const times = createHistogram();
    const end = performance.now() + seconds * 1000;
    let inTime = 0;
    const work = async (connection: Connection, index: number): Promise<void> => {
      const request = requests[index]!;
      for (let begun = performance.now(); begun < end;) {
        const answer = await connection.exchange(request);
        const now = performance.now();
        times.record(Math.max(1, Math.round((now - begun) * 1000)));
        if (!isGood(answer, expected))
          throw new Error(`Port ${port} answered: ${answer.toString('latin1', 0, 600)}`);
        if (now <= end) inTime++;
        begun = now;
      }
    };
    await Promise.race([Promise.all(connections.map(work)), tooLate(seconds * 1000 + DRAIN_MS)]);
    const ms = (percentile: number) => times.percentile(percentile) / 1000;
    return { requests: count + times.count, requestsPerSecond: inTime / seconds, p50: ms(50), p99: ms(99) };
  } finally {
    for (const connection of connections) connection.close();
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export interface RequestOptions {
  port: number;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  method?: string;
}

/** A whole request to /mcp. */
export function requestOf({ port, headers, body, method = 'POST' }: RequestOptions): Buffer {
  const all = {
    host: `127.0.0.1:${port}`,
    connection: 'keep-alive',
    accept: 'application/json, text/event-stream',
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} /mcp HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}

function isGood(answer: Buffer, expected: string): boolean {
  return answer.toString('latin1', 9, 12) === '200' && answer.includes(expected);
}

async function tooLate(ms: number): Promise<never> {
  await sleep(ms, undefined, { ref: false });
  throw new Error('Some answers did not come');
}
