import { Logger } from '@nestjs/common';
import type { Rotating } from '#secrets';
import { isSameServer, serverAddress, type ServerAddress } from './server-address.ts';
import type { ValkeyConnection } from './valkey-connection.ts';
import type { ValkeySettings } from './valkey.config.ts';

export interface LiveSettings {
  readonly settings: ValkeySettings;
  readonly url: Rotating<string | undefined>;
  readonly password: Rotating<string | undefined>;
}

/** Has a connection use the password of now. A server at another place is for the next start: what is kept is on this one. */
export function followCredentials(
  connection: ValkeyConnection,
  { settings, url, password }: LiveSettings,
): void {
  const addressNow = (): ServerAddress =>
    serverAddress(url.current!, { ...settings, password: password.current });
  const first = addressNow();
  const follow = (): void => {
    const next = addressNow();
    if (isSameServer(next, first)) connection.useCredentials(next);
    else
      new Logger('Valkey').warn(
        `The URL of Valkey (${connection.name}) has changed: it counts from the next start`,
      );
  };
  url.onChange(follow);
  password.onChange(follow);
}
