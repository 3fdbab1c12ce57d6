import type { PoolOptions } from './connection-pool.ts';

/** Which PostgreSQL it is that serves us. */
export type EngineName = 'pglite' | 'postgresql';

/** A database that is there to connect to. */
export abstract class Engine {
  abstract readonly name: EngineName;
  /** For the program's own queries. */
  abstract readonly pool: PoolOptions;
  /** Runs `work` while no other process that asks for the same name does. */
  abstract withLock<T>(name: string, work: () => Promise<T>): Promise<T>;
  abstract close(): Promise<void>;
}
