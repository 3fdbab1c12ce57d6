export {
  databases,
  useDatabase,
  type DatabaseKind,
  type OpenTestDatabase,
  type TestDatabase,
} from './databases.ts';
export { freshPostgresql, postgresqlServer, type FreshPostgresql } from './fresh-postgresql.ts';
export { KeptPostgresql } from './postgresql/kept-postgresql.ts';
export { testingConfig } from './testing.config.ts';
export { scratchFolder, type ScratchFolder } from './scratch-folder.ts';
export { installWithApt } from './apt.ts';
export { freePort } from './free-port.ts';
export { TcpProxy } from './tcp-proxy.ts';
export { openValkey, useKeyspace } from './valkey/use-valkey-connection.ts';
export { useValkey } from './valkey/use-valkey.ts';
export { ValkeyServer, type ValkeyOptions } from './valkey/valkey-server.ts';
