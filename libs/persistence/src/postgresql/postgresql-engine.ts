import pg from 'pg';
import type { ConfigOf } from '#config';
import { isPasswordRefused, type PoolOptions } from '../connection-pool.ts';
import { asDatabaseFailure } from '../database-failure.ts';
import { Engine } from '../engine.ts';
import { NamedMutex } from '../named-mutex.ts';
import type { persistenceConfig } from '../persistence.config.ts';
import { PersistenceError } from '../persistence-error.ts';
import type { DatabaseAddress } from './database-address.ts';
import { refusedUrl } from './refused-url.ts';

const OLDEST_VERSION = 15;
/** The server is asked to end a statement first; this much later we hang up ourselves. */
const HANG_UP_AFTER_MS = 5_000;

/** A PostgreSQL server at DATABASE_URL. */
export class PostgresqlEngine extends Engine {
  override readonly name = 'postgresql';
  override readonly pool: PoolOptions;
  readonly #address: DatabaseAddress;
  readonly #mutex = new NamedMutex();

  private constructor(address: DatabaseAddress, config: ConfigOf<typeof persistenceConfig>) {
    super();
    this.#address = address;
    const { poolSize, connectTimeoutMs, statementTimeoutMs } = config;
    this.pool = {
      connection: {
        connectionString: address.url,
        application_name: 'gatehouse',
        keepAlive: true,
        connectionTimeoutMillis: connectTimeoutMs,
        statement_timeout: statementTimeoutMs,
      },
      address,
      size: poolSize,
      connectTimeoutMs,
      statementTimeoutMs: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + HANG_UP_AFTER_MS,
    };
  }

  /** Tries the URL first. Throws a PersistenceError that says what is wrong with it, without its password. */
  static async start(
    address: DatabaseAddress,
    config: ConfigOf<typeof persistenceConfig>,
  ): Promise<PostgresqlEngine> {
    const engine = new PostgresqlEngine(address, config);
    address.follow((url) => engine.#tryOut(url));
    let version: number;
    try {
      version = await engine.#onOwnConnection(async (client) => {
        const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
        return Math.floor(Number(rows[0]?.server_version_num) / 10_000);
      });
    } catch (error) {
      throw refusedUrl(address.url, error);
    }
    if (version >= OLDEST_VERSION) return engine;
    throw new PersistenceError(
      `DATABASE_URL: the server is PostgreSQL ${version}, and Gatehouse needs ${OLDEST_VERSION} or later`,
    );
  }

  /**
   * On a connection beside the pool, so that those who wait for a lock never keep its holder from its queries, and in a
   * transaction, because a pooler between us and the server gives a session to another in between.
   */
  override withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
    const locked = async (client: pg.Client): Promise<T> => {
      await client.query('begin');
      await client.query('set local idle_in_transaction_session_timeout = 0');
      await client
        .query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`gatehouse:${name}`])
        .catch((error) => {
          throw asDatabaseFailure(error);
        });
      const result = await work();
      await client.query('commit');
      return result;
    };
    return this.#mutex.run(name, () => this.#onOwnConnection(locked));
  }

  override async close(): Promise<void> {}

  async #onOwnConnection<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.#ownConnection();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async #ownConnection(): Promise<pg.Client> {
    const { url } = this.#address;
    try {
      return await this.#connected(url);
    } catch (error) {
      if (!isPasswordRefused(error) || !(await this.#address.refused(url))) throw error;
      return this.#connected(this.#address.url);
    }
  }

  /** Never rejects. */
  async #tryOut(url: string): Promise<string | undefined> {
    try {
      const client = await this.#connected(url);
      await client.end();
      return undefined;
    } catch (error) {
      if (isPasswordRefused(error)) return 'the database does not take it';
      const { code, message } = error as { code?: string; message: string };
      return `the database can't be asked: ${message === '' ? code : message}`;
    }
  }

  async #connected(url: string): Promise<pg.Client> {
    const client = new pg.Client({ ...this.pool.connection, connectionString: url });
    client.on('error', () => undefined); // The query that runs, or the next one, tells of it.
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end();
      throw error;
    }
  }
}
