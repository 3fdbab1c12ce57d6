import { Kysely, PostgresDialect } from 'kysely';
import { ConnectionPool, type PoolFigures } from './connection-pool.ts';
import type { Engine, EngineName } from './engine.ts';
import type { Tables } from './tables/index.ts';

/**
 * The open, migrated database.
 *
 * The embedded one (`engine` is `pglite`) is a single session: everything that runs waits its turn, and inside
 * `kysely.transaction()` each query must go through the transaction it is given. One that goes through `kysely` waits
 * for its own transaction to end, until DATABASE_CONNECT_TIMEOUT_MS refuses it as UNAVAILABLE. Keep transactions short,
 * and wait for nothing else inside them.
 *
 * Failures of the server itself are GatehouseErrors (UNAVAILABLE, TIMED_OUT); all others are pg's, with the SQLSTATE in
 * `code`. int8 and numeric come as texts, timestamps as Date, jsonb as the value it holds.
 */
export class Database {
  readonly kysely: Kysely<Tables>;
  readonly engine: EngineName;
  /** Whether the type `vector` of pgvector is there. */
  readonly vectors: boolean;
  readonly #engine: Engine;
  readonly #pool: ConnectionPool;
  #closed: Promise<void> | undefined;

  constructor(engine: Engine, vectors: boolean) {
    this.#engine = engine;
    this.engine = engine.name;
    this.vectors = vectors;
    this.#pool = new ConnectionPool(engine.pool);
    this.kysely = new Kysely({ dialect: new PostgresDialect({ pool: this.#pool }) });
  }

  /** How the connections are used at this moment. */
  get connections(): PoolFigures {
    return this.#pool.figures;
  }

  /**
   * For a library that brings its own SQL: one statement with parameters, or several without any, which PostgreSQL runs as
   * one transaction unless they say otherwise. Gives the rows of all of them, and leaves no transaction open.
   */
  async run(text: string, parameters: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = await this.#pool.connect();
    try {
      const result = await client.query<Record<string, unknown>>(text, parameters);
      return [result].flat().flatMap(({ rows }) => rows);
    } catch (error) {
      // A batch that broke off behind its own `begin` would hold what it has locked, for whoever comes next to trip over.
      await client.query('rollback', []).catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  /**
   * Runs `work` while no other process, and nobody else in this one, does so under the same name. A process that dies
   * loses its locks. Not re-entrant. Waiting longer than DATABASE_STATEMENT_TIMEOUT_MS for another process is TIMED_OUT.
   */
  withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#engine.withLock(name, work);
  }

  /** Waits for the queries that run, up to ten seconds, then closes. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#pool.end(); // kysely's own `destroy` leaves a pool alone that it has not used yet.
    await this.#engine.close();
  }
}
