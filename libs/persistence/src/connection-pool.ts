import { Logger } from '@nestjs/common';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { asDatabaseFailure, DatabaseTimeout, DatabaseUnavailable } from './database-failure.ts';
import type { DatabaseAddress } from './postgresql/database-address.ts';

/** How long a pool that is closed waits for what still runs on it. */
const CLOSE_TIMEOUT_MS = 10_000;

export interface PoolOptions {
  /** How `pg` reaches the server. */
  connection: pg.ClientConfig;
  /** The URL of each new connection, where it may change. */
  address?: DatabaseAddress;
  /** Most connections at a time. */
  size: number;
  /** Milliseconds that a query waits for a connection. */
  connectTimeoutMs: number;
  /** Milliseconds that one statement may take; 0 for ever. */
  statementTimeoutMs: number;
  /** Said to whoever waited in vain. */
  hint?: string;
}

/** Connections that are there, those that are lent out, who waits for one, and how many there may be. */
export interface PoolFigures {
  readonly open: number;
  readonly busy: number;
  readonly waiting: number;
  readonly size: number;
}

/** A `pg.Pool` as kysely wants it: bounded in every wait, with errors of our own, deaf to the end of idle connections. */
export class ConnectionPool implements PostgresPool {
  /** Not the pool's own: those hold the password. */
  readonly options = {};
  readonly #pool: pg.Pool;
  readonly #size: number;
  readonly #waitedInVain: string;
  readonly #address: DatabaseAddress | undefined;
  readonly #logger = new Logger('Persistence');

  constructor(options: PoolOptions) {
    const { connection, address, size, connectTimeoutMs, statementTimeoutMs, hint = '' } = options;
    this.#address = address;
    this.#waitedInVain = `No connection to the database within ${connectTimeoutMs} ms (pool of ${size})${hint}`;
    this.#size = size;
    this.#pool = new pg.Pool({
      ...connection,
      max: size,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: statementTimeoutMs,
      allowExitOnIdle: true,
    });
    this.#pool.on('error', (error) => this.#noteLoss(error));
    // While a connection is lent out, the pool does not listen; an error that nobody hears ends the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  get figures(): PoolFigures {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { open: totalCount, busy: totalCount - idleCount, waiting: waitingCount, size: this.#size };
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new PooledClient(await this.#connect());
    } catch (error) {
      // It has no code. The transaction that waits for itself ends here, too.
      const inVain = (error as Error).message === 'timeout exceeded when trying to connect';
      throw new DatabaseUnavailable(inVain ? new Error(this.#waitedInVain, { cause: error }) : error);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    const address = this.#address;
    if (!address) return this.#pool.connect();
    const { url } = address;
    this.#pool.options.connectionString = url;
    try {
      return await this.#pool.connect();
    } catch (error) {
      if (!isPasswordRefused(error) || !(await address.refused(url))) throw error;
      this.#pool.options.connectionString = address.url;
      return await this.#pool.connect();
    }
  }

  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tired = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)));
    await Promise.race([this.#pool.end(), tired]);
    clearTimeout(timer);
  }

  /** The error's own text only: pg hangs the client on it. */
  #noteLoss({ message }: Error): void {
    this.#logger.warn(`An idle connection to the database was lost: ${message}`);
  }
}

/** invalid_password, invalid_authorization_specification */
export function isPasswordRefused(error: unknown): boolean {
  return ['28P01', '28000'].includes((error as { code?: string }).code ?? '');
}

/** One connection, lent out. One that ran out of time is not used again: it may still be at work. */
class PooledClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #spent = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query(): never;
  async query<R>(sql?: string, parameters: readonly unknown[] = []): Promise<PostgresQueryResult<R>> {
    try {
      const result = await this.#client.query(sql ?? '', [...parameters]);
      return result as unknown as PostgresQueryResult<R>;
    } catch (error) {
      const failure = asDatabaseFailure(error);
      this.#spent ||= failure instanceof DatabaseTimeout || failure instanceof DatabaseUnavailable;
      throw failure;
    }
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#spent);
  }
}
