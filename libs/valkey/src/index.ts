export { parseInfo as serverInfoOf, type ValkeyHealth } from './server-info.ts';
export {
  CacheConnection,
  isAuthenticationFailure,
  StateConnection,
  ValkeyConnection,
  type Keyspace,
} from './valkey-connection.ts';
export { valkeyConfig, type ValkeySettings } from './valkey.config.ts';
export { ValkeyModule } from './valkey.module.ts';
export { serverAddress } from './server-address.ts';
export { ValkeyScript } from './valkey-script.ts';
