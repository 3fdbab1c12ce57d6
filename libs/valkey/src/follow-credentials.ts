import type { Secrets } from '#secrets';
import { isSameServer, serverAddress, type ServerAddress } from './server-address.ts';
import type { ValkeyConnection } from './valkey-connection.ts';
import { valkeyConfig, type ValkeySettings } from './valkey.config.ts';

export interface FollowCredentialsOptions {
  readonly settings: ValkeySettings;
  readonly secrets: Pick<Secrets, 'adopt' | 'guard'>;
}

/** The setting that says where a connection goes. */
export function urlSettingOf(name: string, { stateUrl }: ValkeySettings): 'url' | 'stateUrl' {
  return name === 'state' && stateUrl !== undefined ? 'stateUrl' : 'url';
}

/**
 * Has all connections use the password of now. They have one setting for it: it counts once the servers of all have taken it. A
 * server at another place is for the next start: what is kept is on this one.
 */
export function followCredentials(
  connections: readonly ValkeyConnection[],
  { settings, secrets }: FollowCredentialsOptions,
): void {
  const { url, stateUrl, password } = valkeyConfig.settings;
  let taken = settings;

  for (const own of ['url', 'stateUrl'] as const) {
    const first = settings[own];
    const isHere = (next: string | undefined): boolean =>
      next !== undefined &&
      first !== undefined &&
      isSameServer(serverAddress(next, settings), serverAddress(first, settings));
    secrets.guard(valkeyConfig.settings[own], isHere);
  }

  const adopt = async (
    ...given: [string | undefined, string | undefined, string | undefined]
  ): Promise<string | undefined> => {
    const next = { ...taken, url: given[0], stateUrl: given[1], password: given[2] };
    const answers = connections.map(async (connection) => {
      const address = addressOf(connection, next);
      return isSameUser(address, addressOf(connection, taken))
        ? undefined
        : connection.useCredentials(address);
    });
    const refusal = (await Promise.all(answers)).find((answer) => answer !== undefined);
    if (refusal === undefined) taken = next;
    return refusal;
  };
  secrets.adopt({ settings: [url, stateUrl, password], current: settings.url, adopt });
}

/** Of a connection that is there, the URL is set: none is ever taken away. */
function addressOf({ name }: ValkeyConnection, settings: ValkeySettings): ServerAddress {
  return serverAddress(settings[urlSettingOf(name, settings)]!, settings);
}

function isSameUser(one: ServerAddress, other: ServerAddress): boolean {
  return one.username === other.username && one.password === other.password;
}
