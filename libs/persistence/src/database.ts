import type { Kysely } from 'kysely';
import type { Tables } from './tables/index.ts';

export type Engine = 'pglite' | 'postgresql';

/** The open, migrated database. */
export abstract class Database {
  abstract readonly kysely: Kysely<Tables>;
  abstract readonly engine: Engine;
  /** Whether the type `vector` of pgvector is there. */
  abstract readonly vectors: boolean;
  /** Runs `work` while no other process that asks for the same name does. */
  abstract withLock<T>(name: string, work: () => Promise<T>): Promise<T>;
}
