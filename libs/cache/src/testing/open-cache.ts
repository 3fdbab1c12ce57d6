import { readConfig, type Environment } from '#config';
import { CacheConnection, serverAddress, valkeyConfig } from '#valkey';
import { cacheConfig } from '../cache.config.ts';
import { TieredCache } from '../tiered-cache.ts';

/** What all caches of a spec seal with, unless they say otherwise. */
export const SEAL_KEY = Buffer.alloc(32, 7);

export interface OpenCache extends AsyncDisposable {
  readonly cache: TieredCache;
  /** Absent without VALKEY_URL. */
  readonly connection: CacheConnection | undefined;
}

/** A cache as one process of the program has it; in Valkey where `env` names one. */
export async function openCache(env: Environment = {}, sealKey = SEAL_KEY): Promise<OpenCache> {
  const settings = readConfig(valkeyConfig, {
    VALKEY_COMMAND_TIMEOUT_MS: '300',
    VALKEY_RETRY_MAX_MS: '100',
    ...env,
  });
  const address = settings.url === undefined ? undefined : serverAddress(settings.url, settings);
  const connection = address && new CacheConnection({ ...settings, name: 'cache', address });
  await connection?.open();
  const cache = new TieredCache(readConfig(cacheConfig, env), connection && { connection, sealKey });
  const close = async (): Promise<void> => {
    await cache.close();
    connection?.close();
  };
  return { cache, connection, [Symbol.asyncDispose]: close };
}
