/** How a server is, for operators (requirements 5, ARC-12 and ARC-33). Bytes, milliseconds; `maxmemory` 0 is no bound. */
export type ValkeyHealth =
  | { status: 'down'; reason: string }
  | {
      status: 'up';
      latency_ms: number;
      version: string;
      connected_clients: number;
      used_memory: number;
      maxmemory: number;
      maxmemory_policy: string;
      /** Of all look-ups since the server's start; null where there was none. */
      hit_rate: number | null;
      evicted_keys: number;
    };

/** The answer to INFO, by name. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}

export function healthOf(info: ReadonlyMap<string, string>, latencyMs: number): ValkeyHealth {
  const number = (name: string): number => Number(info.get(name) ?? 0);
  const [hits, misses] = [number('keyspace_hits'), number('keyspace_misses')];
  return {
    status: 'up',
    latency_ms: Math.round(latencyMs * 1000) / 1000,
    version: info.get('valkey_version') ?? info.get('redis_version') ?? 'unknown',
    connected_clients: number('connected_clients'),
    used_memory: number('used_memory'),
    maxmemory: number('maxmemory'),
    maxmemory_policy: info.get('maxmemory_policy') ?? 'unknown',
    hit_rate: hits + misses === 0 ? null : hits / (hits + misses),
    evicted_keys: number('evicted_keys'),
  };
}
