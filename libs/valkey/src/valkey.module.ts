import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { liveValue, Secrets } from '#secrets';
import { followCredentials } from './follow-credentials.ts';
import { isSameServer, serverAddress } from './server-address.ts';
import {
  CacheConnection,
  StateConnection,
  type ValkeyConnection,
  type ValkeyConnectionOptions,
} from './valkey-connection.ts';
import { valkeyConfig, type ValkeySettings } from './valkey.config.ts';

type Kind = 'cache' | 'state';

/** Open, and up to date with its secrets; undefined where no URL is set for it. */
async function opened<C extends ValkeyConnection>(
  kind: Kind,
  Connection: new (options: ValkeyConnectionOptions) => C,
  [settings, secrets]: [ValkeySettings, Secrets | undefined],
): Promise<C | undefined> {
  const own = kind === 'state' && settings.stateUrl !== undefined ? 'stateUrl' : 'url';
  const url = liveValue(secrets, valkeyConfig.settings[own], settings[own]);
  const password = liveValue(secrets, valkeyConfig.settings.password, settings.password);
  if (url.current === undefined) return undefined;
  const address = serverAddress(url.current, settings);
  // What is kept is on this server.
  secrets?.guard(
    valkeyConfig.settings[own],
    (next) => next !== undefined && isSameServer(serverAddress(next, settings), address),
  );
  const connection = new Connection({
    ...settings,
    name: kind,
    address,
    onRefused: () => void secrets?.refresh(),
  });
  followCredentials(connection, { settings, url, password });
  await connection.open();
  return connection;
}

const cacheConnection = {
  provide: CacheConnection,
  inject: [valkeyConfig.KEY, { token: Secrets, optional: true }],
  useFactory: (...given: [ValkeySettings, Secrets | undefined]) => opened('cache', CacheConnection, given),
};

const stateConnection = {
  provide: StateConnection,
  inject: [valkeyConfig.KEY, { token: Secrets, optional: true }],
  useFactory: (...given: [ValkeySettings, Secrets | undefined]) => opened('state', StateConnection, given),
};

/**
 * Two connections, to one server or to two. Each is undefined where no URL is set for it, so that whoever needs one asks
 * for `CacheConnection | undefined` by `@Inject(CacheConnection)`, and has an adapter of its own for memory.
 */
@Global()
@Module({ providers: [cacheConnection, stateConnection], exports: [CacheConnection, StateConnection] })
export class ValkeyModule implements OnApplicationShutdown {
  constructor(
    @Inject(CacheConnection) private readonly cache: CacheConnection | undefined,
    @Inject(StateConnection) private readonly state: StateConnection | undefined,
  ) {}

  onApplicationShutdown(): void {
    this.cache?.close();
    this.state?.close();
  }
}
