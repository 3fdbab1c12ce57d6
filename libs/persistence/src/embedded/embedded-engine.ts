import { join } from 'node:path';
import type { ConfigOf } from '#config';
import type { PoolOptions } from '../connection-pool.ts';
import { Engine } from '../engine.ts';
import type { DataFolder } from '../folder/data-folder.ts';
import { NamedMutex } from '../named-mutex.ts';
import type { persistenceConfig } from '../persistence.config.ts';
import { EmbeddedServer } from './embedded-server.ts';

/** PGlite in the data folder. The folder's lock keeps all other processes away. */
export class EmbeddedEngine extends Engine {
  override readonly name = 'pglite';
  override readonly pool: PoolOptions;
  readonly #server: EmbeddedServer;
  readonly #mutex = new NamedMutex();

  private constructor(server: EmbeddedServer, config: ConfigOf<typeof persistenceConfig>) {
    super();
    this.#server = server;
    this.pool = {
      connection: {
        stream: () => server.connect(),
        host: 'localhost',
        user: 'postgres',
        database: 'postgres',
        ssl: false,
      },
      size: 1,
      connectTimeoutMs: config.connectTimeoutMs,
      statementTimeoutMs: config.statementTimeoutMs,
      hint: ': the embedded one has a single session, so a query inside a transaction must go through that transaction',
    };
  }

  static async start(
    folder: DataFolder,
    config: ConfigOf<typeof persistenceConfig>,
  ): Promise<EmbeddedEngine> {
    return new EmbeddedEngine(await EmbeddedServer.start(join(folder.path, 'database')), config);
  }

  override withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(name, work);
  }

  override close(): Promise<void> {
    return this.#server.close();
  }
}
