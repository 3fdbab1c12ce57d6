import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { serverAddress } from './server-address.ts';
import { CacheConnection, StateConnection, type ValkeyConnectionOptions } from './valkey-connection.ts';
import { valkeyConfig, type ValkeySettings } from './valkey.config.ts';

function optionsOf(name: string, url: string, settings: ValkeySettings): ValkeyConnectionOptions {
  return { ...settings, name, address: serverAddress(url, settings) };
}

const cacheConnection = {
  provide: CacheConnection,
  inject: [valkeyConfig.KEY],
  async useFactory(settings: ValkeySettings): Promise<CacheConnection | undefined> {
    if (settings.url === undefined) return undefined;
    const connection = new CacheConnection(optionsOf('cache', settings.url, settings));
    await connection.open();
    return connection;
  },
};

const stateConnection = {
  provide: StateConnection,
  inject: [valkeyConfig.KEY],
  async useFactory(settings: ValkeySettings): Promise<StateConnection | undefined> {
    const url = settings.stateUrl ?? settings.url;
    if (url === undefined) return undefined;
    const connection = new StateConnection(optionsOf('state', url, settings));
    await connection.open();
    return connection;
  },
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
