import { Logger } from '@nestjs/common';
import { cacheConfig, TieredCache } from '#cache';
import { readConfig } from '#config';
import { ValkeyServer } from '#testing';
import { CacheConnection, serverAddress, valkeyConfig } from '#valkey';
import { median } from '../load.ts';
import { atMost, hundredths, type Figure, type Measured } from '../report.ts';
import type { TopicOptions } from '../topic.ts';

const MEMORY_HITS = 20_000;
const VALKEY_HITS = 1_000;
const KEYS = 100;
const SEAL_KEY = Buffer.alloc(32, 1);

/** An answer as a search has it: 1.4 KB of JSON. */
const value = {
  results: Array.from({ length: 5 }, (_, n) => ({
    chunk_id: `conversation-${n}:1`,
    conversation_id: `conversation-${n}`,
    text: 'All that is gold does not glitter, not all those who wander are lost. '.repeat(2),
    score: 1 / (n + 1),
    author_name: 'Bilbo',
    author_type: null,
    timestamp: '2026-01-01T00:00:00.000Z',
  })),
  total: 5,
};

interface Opened {
  readonly cache: TieredCache;
  readonly connection: CacheConnection;
}

/** What it costs to find what was computed before: here, and where another process has left it. */
export async function cache({ rounds }: TopicOptions): Promise<Measured> {
  Logger.overrideLogger(false); // A line for each computation would be all that is measured.
  const server = await ValkeyServer.start();
  const opened: Opened[] = [];
  try {
    opened.push(await open(server.url), await open(server.url));
    const [writer, reader] = opened.map((one) => one.cache) as [TieredCache, TieredCache];
    const memory: number[] = [];
    const valkey: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      process.stderr.write(`cache: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}\n`);
      const keys = Array.from({ length: VALKEY_HITS }, (_, n) => `cache:${round}:${n}`);
      await timesOf(keys, writer);
      const found = await timesOf(keys, reader);
      const again = Array.from({ length: MEMORY_HITS }, (_, n) => keys[n % KEYS]!);
      const here = await timesOf(again, reader);
      if (round > 0) {
        valkey.push(quantile(found, 0.5));
        memory.push(quantile(here, 0.5));
      }
      if (round === rounds) return measured({ memory, valkey, found, here });
    }
    throw new Error('There was no round');
  } finally {
    for (const one of opened) {
      await one.cache.close();
      one.connection.close();
    }
    await server.remove();
  }
}

async function open(url: string): Promise<Opened> {
  const settings = readConfig(valkeyConfig, { VALKEY_URL: url });
  const address = serverAddress(url, settings);
  const connection = new CacheConnection({ ...settings, name: 'cache', address });
  await connection.open();
  const own = new TieredCache(readConfig(cacheConfig, {}), { connection, sealKey: SEAL_KEY });
  return { cache: own, connection };
}

/** Milliseconds of each, sorted. */
async function timesOf(keys: readonly string[], one: TieredCache): Promise<number[]> {
  const times: number[] = [];
  for (const key of keys) {
    const begun = performance.now();
    await one.getOrCompute(key, () => value);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)]!;
}

function measured(times: Readonly<Record<'memory' | 'valkey' | 'found' | 'here', number[]>>): Measured {
  return {
    figures: [
      figure('hit in memory, of 1.4 KB', times.here),
      figure('hit in Valkey, of 1.4 KB', times.found),
    ],
    rows: [
      atMost('cache/memory-hit-p50', median(times.memory) * 1_000, 'us', 15),
      atMost('cache/valkey-hit-p50', median(times.valkey), 'ms', 1),
    ],
  };
}

function figure(who: string, sorted: readonly number[]): Figure {
  const us = (part: number) => hundredths(quantile(sorted, part) * 1_000);
  return { who, p50Us: us(0.5), p95Us: us(0.95), p99Us: us(0.99) };
}
