import { defineConfig, setting, type ConfigOf, type Setting } from '#config';

const PROTOCOLS = ['redis:', 'rediss:', 'valkey:', 'valkeys:'];
/** Nothing, or the number of a database. */
const PATH = /^\/?(\d{1,5})?$/;

function isEncoded(part: string): boolean {
  try {
    return decodeURIComponent(part) !== undefined;
  } catch {
    return false;
  }
}

/** A URL of which every part is understood: a slip in it must not lead to another database. */
function serverUrl(env: string, description: string): Setting<string | undefined> {
  const url = setting.url({ env, description, protocols: PROTOCOLS });
  const parse = (raw: string, name: string): string | undefined => {
    const given = url.parse(raw, name);
    if (given === undefined) return undefined;
    const { hostname, pathname, search, hash, username, password } = new URL(given);
    const understood = hostname !== '' && PATH.test(pathname) && search + hash === '';
    return understood && isEncoded(username) && isEncoded(password) ? given : undefined;
  };
  return {
    ...url,
    shape: 'redis://, rediss://, valkey:// or valkeys://[USER:PASSWORD@]HOST[:PORT][/DATABASE]',
    parse,
  };
}

export const valkeyConfig = defineConfig('valkey', {
  url: serverUrl(
    'VALKEY_URL',
    'Valkey 7 or later, or Redis, that all replicas share; without it each process has its own memory. rediss:// and valkeys:// are TLS',
  ),
  stateUrl: serverUrl(
    'VALKEY_STATE_URL',
    'Another server for what must not be evicted: limits, blocks, nonces and sessions; VALKEY_URL then holds the cache',
  ),
  username: setting.optional({
    env: 'VALKEY_USERNAME',
    description: 'ACL user of a URL that names none',
    pattern: /^[\x21-\x7e]{1,256}$/,
    shape: 'a name without spaces',
  }),
  password: setting.secret({
    env: 'VALKEY_PASSWORD',
    description: 'Password of a URL that holds none',
    minLength: 1,
  }),
  tlsCaFile: setting.optional({
    env: 'VALKEY_TLS_CA_FILE',
    description: 'Certificates (PEM) that sign those of the servers, where the system does not know them',
    shape: 'a path of a file',
  }),
  namespace: setting.text({
    env: 'VALKEY_NAMESPACE',
    description:
      'What every key begins with; gateways that share a server and nothing else have different ones',
    default: 'gatehouse',
    pattern: /^[a-zA-Z0-9_.-]{1,32}$/,
    shape: '1 to 32 letters, digits, dots, dashes and underscores',
  }),
  connectTimeoutMs: setting.integer({
    env: 'VALKEY_CONNECT_TIMEOUT_MS',
    description: 'How long an attempt to connect may take, and how long the start waits for the first',
    default: 1_000,
    min: 50,
    max: 60_000,
  }),
  commandTimeoutMs: setting.integer({
    env: 'VALKEY_COMMAND_TIMEOUT_MS',
    description:
      'How long a command may wait for its answer: then the connection is given up, and all that waits on it fails',
    default: 500,
    min: 20,
    max: 60_000,
  }),
  retryMaxMs: setting.integer({
    env: 'VALKEY_RETRY_MAX_MS',
    description: 'Longest pause between two attempts to reach a server that is away',
    default: 2_000,
    min: 50,
    max: 600_000,
  }),
});

export type ValkeySettings = ConfigOf<typeof valkeyConfig>;
