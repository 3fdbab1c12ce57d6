import { Global, Inject, Module, Optional, type OnApplicationShutdown } from '@nestjs/common';
import { Secrets } from '#secrets';
import { followCredentials, urlSettingOf } from './follow-credentials.ts';
import { serverAddress } from './server-address.ts';
import {
  CacheConnection,
  StateConnection,
  type ValkeyConnection,
  type ValkeyConnectionOptions,
} from './valkey-connection.ts';
import { valkeyConfig, type ValkeySettings } from './valkey.config.ts';

type Kind = 'cache' | 'state';

/** Open; undefined where no URL is set for it. */
async function opened<C extends ValkeyConnection>(
  kind: Kind,
  Connection: new (options: ValkeyConnectionOptions) => C,
  [settings, secrets]: [ValkeySettings, Secrets | undefined],
): Promise<C | undefined> {
  const url = settings[urlSettingOf(kind, settings)];
  if (url === undefined) return undefined;
  const connection = new Connection({
    ...settings,
    name: kind,
    address: serverAddress(url, settings),
    onRefused: () => void secrets?.refresh(),
  });
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
    @Inject(valkeyConfig.KEY) settings: ValkeySettings,
    @Optional() @Inject(Secrets) secrets: Secrets | undefined,
  ) {
    const connections = [cache, state].filter((connection) => connection !== undefined);
    if (secrets && connections.length > 0) followCredentials(connections, { settings, secrets });
  }

  onApplicationShutdown(): void {
    this.cache?.close();
    this.state?.close();
  }
}
