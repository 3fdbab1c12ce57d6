export { SecretsManagerServer, type Mood } from './aws/secrets-manager-server.ts';
export {
  databases,
  useDatabase,
  useOpenDatabase,
  type DatabaseKind,
  type OpenTestDatabase,
  type TestDatabase,
} from './databases.ts';
export { openssl, type OpensslResult } from './openssl.ts';
export { freshPostgresql, postgresqlServer, type FreshPostgresql } from './fresh-postgresql.ts';
export { KeptPostgresql } from './postgresql/kept-postgresql.ts';
export { testingConfig } from './testing.config.ts';
export { scratchFolder, type ScratchFolder } from './scratch-folder.ts';
export { chromiumProgram } from './chromium.ts';
export { installWithApt } from './apt.ts';
export { freePort } from './free-port.ts';
export { systemProgram } from './system-program.ts';
export { TcpProxy } from './tcp-proxy.ts';
export { processorTime } from './processor-time.ts';
export { promtool } from './prometheus/promtool.ts';
export { openValkey, useKeyspace } from './valkey/use-valkey-connection.ts';
export { useValkey } from './valkey/use-valkey.ts';
export { ValkeyServer, type ValkeyOptions } from './valkey/valkey-server.ts';
export {
  authority,
  certificate,
  revocationList,
  sslSettings,
  type CertificateOptions,
  type Pair,
} from './certificates.ts';
export { IssuerServer } from './issuer-server.ts';
