export {
  databases,
  useDatabase,
  type DatabaseKind,
  type OpenTestDatabase,
  type TestDatabase,
} from './databases.ts';
export { freshPostgresql, postgresqlServer, type FreshPostgresql } from './fresh-postgresql.ts';
export { scratchFolder, type ScratchFolder } from './scratch-folder.ts';
