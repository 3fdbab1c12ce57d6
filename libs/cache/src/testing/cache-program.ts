import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '#config';
import { GatehouseError } from '#errors';
import type { CacheFigures } from '../cache-figures.ts';
import type { Invalidated } from '../cache.ts';
import { openCache } from './open-cache.ts';

/** So many callers at once for one key. */
export interface Asking {
  key: string;
  callers: number;
  /** How long a computation takes. */
  computeMs: number;
  tags?: string[];
}

export interface Asked {
  /** The different values that they got. */
  values: string[];
  /** Codes of what they were thrown. */
  errors: string[];
  computations: number;
}

export interface Orders {
  ask: { asked: Asking; answer: Asked };
  invalidate: { asked: { key?: string; pattern?: string; tag?: string }; answer: Invalidated };
  figures: { asked: object; answer: CacheFigures };
}

export interface Order {
  id: number;
  name: keyof Orders;
  asked: Orders[keyof Orders]['asked'];
}

/** Its settings are its argument. */
const { cache } = await openCache(JSON.parse(process.argv[2]!) as Environment);
let computed = 0;

async function ask({ key, callers, computeMs, tags = [] }: Asking): Promise<Asked> {
  const before = computed;
  const compute = async (): Promise<string> => {
    const value = `${process.pid}-${++computed}`;
    await delay(computeMs);
    return value;
  };
  const ends = await Promise.allSettled(
    Array.from({ length: callers }, () => cache.getOrCompute(key, compute, { ttl: 60, tags })),
  );
  const values = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [codeOf(end.reason)] : []));
  return { values: [...new Set(values)], errors: [...new Set(errors)], computations: computed - before };
}

function codeOf(error: unknown): string {
  return error instanceof GatehouseError ? error.code : String(error);
}

function invalidate({ key, pattern, tag }: Orders['invalidate']['asked']): Promise<Invalidated> {
  if (key !== undefined) return cache.invalidateKey(key);
  if (pattern !== undefined) return cache.invalidatePattern(pattern);
  return tag === undefined ? cache.invalidateAll() : cache.invalidateTags([tag]);
}

const handlers = { ask, invalidate, figures: () => cache.figures() } as const;

process.on('message', ({ id, name, asked }: Order) => {
  const handle = handlers[name] as (asked: unknown) => unknown;
  void Promise.resolve(handle(asked)).then((answer) => process.send?.({ id, answer }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ id: 0 });
