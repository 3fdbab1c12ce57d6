import { afterAll, beforeAll } from 'vitest';
import { readConfig } from '#config';
import { DataFolder, openDatabase, persistenceConfig, type Database } from '#persistence';
import { freshPostgresql } from './fresh-postgresql.ts';
import { preparedDataDir } from './prepared-data-dir.ts';
import { scratchFolder } from './scratch-folder.ts';

/** The first suite may have to wait for a server to be installed. */
const SETUP_TIMEOUT_MS = 600_000;

/** A database that nobody has opened yet. */
export interface TestDatabase {
  /** The settings by which a gateway finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Opens and migrates it here. Closing is the caller's. */
  open(): Promise<OpenTestDatabase>;
  remove(): Promise<void>;
}

export interface OpenTestDatabase {
  readonly database: Database;
  readonly folder: DataFolder;
  close(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: 'PGlite' | 'PostgreSQL';
  /** Empty; `migrated`: that of a start before, where making it that takes long. */
  create(options?: { migrated: boolean }): Promise<TestDatabase>;
}

/** Both databases: `describe.each(databases)('on $name', (kind) => { const database = useDatabase(kind); … })`. */
export const databases: readonly DatabaseKind[] = [
  {
    name: 'PGlite',
    create: async (options) => {
      const scratch = await preparedDataDir(options);
      return testDatabase({ DATA_DIR: scratch.path }, () => scratch.remove());
    },
  },
  {
    name: 'PostgreSQL',
    create: async () => {
      const [scratch, postgresql] = await Promise.all([scratchFolder(), freshPostgresql()]);
      return testDatabase({ DATA_DIR: scratch.path, DATABASE_URL: postgresql.url }, async () => {
        await Promise.all([scratch.remove(), postgresql.drop()]);
      });
    },
  },
];

/** In a `describe`: one open database for all its tests, removed after them. The function gives it. */
export function useDatabase(kind: DatabaseKind): () => Database {
  const opened = useOpenDatabase(kind);
  return () => opened().database;
}

/** The same, with its data folder. */
export function useOpenDatabase(kind: DatabaseKind): () => OpenTestDatabase {
  let created: TestDatabase | undefined;
  let opened: OpenTestDatabase | undefined;
  beforeAll(async () => {
    created = await kind.create({ migrated: true });
    opened = await created.open();
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    try {
      await opened?.close();
    } finally {
      await created?.remove();
    }
  });
  return () => {
    if (!opened) throw new Error('The database is there while tests run, not before');
    return opened;
  };
}

function testDatabase(
  env: Record<string, string> & { DATA_DIR: string },
  remove: () => Promise<void>,
): TestDatabase {
  const open = async (): Promise<OpenTestDatabase> => {
    const folder = await DataFolder.open(env.DATA_DIR);
    const database = await openDatabase(readConfig(persistenceConfig, env), folder);
    const close = async (): Promise<void> => {
      await database.close();
      await folder.close();
    };
    return { database, folder, close };
  };
  return { env, open, remove };
}
