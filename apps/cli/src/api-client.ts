import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ConfigError, readConfig, type Environment } from '#config';
import { clientConfig, identityConfig } from '#identity';
import { CommandError } from './command-error.ts';
import { exitCodesHelp, usualExits } from './exit-codes-help.ts';
import { linesOf } from './reporting.ts';

const TIMEOUT_MS = 60_000;
/** OpenSSL's words for a certificate that nobody here vouches for. */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT.*|VERIFY_LEAF_SIGNATURE))$/;

/** What a client without TLS hears from a port with it, and the other way round. */
const OTHER_SCHEME = /^(UND_ERR_SOCKET|ERR_SSL_.*|EPROTO|ECONNRESET)$/;

export interface ClientOptions {
  url?: string;
  keyFile?: string;
}

/** What may be sent: texts for the query of a URL, or a body of JSON. */
export interface Sent {
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  body?: unknown;
}

/** The two ports that commands call, and the setting that says where each is. */
const places = {
  api: { key: 'url', what: 'the gateway', help: 'GATEHOUSE_URL or --url says where it is' },
  management: {
    key: 'managementUrl',
    what: 'the management port',
    help: 'GATEHOUSE_MANAGEMENT_URL or --url says where its management port is',
  },
} as const;
type Place = keyof typeof places;

/**
 * The options of every command that calls the gateway, and its exit codes in --help. The key is no option: all users of a
 * machine see arguments.
 */
export function withClientOptions(command: Command, place: Place = 'api', exits = usualExits): Command {
  const { key, what } = places[place];
  const { env, default: usual } = clientConfig.settings[key];
  return command
    .option('--url <url>', `where ${what} is (else ${env}, else ${usual})`)
    .option('--key-file <file>', 'a file that holds the API key (else GATEHOUSE_API_KEY)')
    .addHelpText('after', exitCodesHelp(exits));
}

/** For `--local`, which works on the stores themselves. @throws CommandError where the options name a gateway all the same */
export function requireNoGateway({ url, keyFile }: ClientOptions): void {
  if (url === undefined && keyFile === undefined) return;
  throw new CommandError('usage', '--local asks no gateway: leave out --url and --key-file');
}

/** The REST door of a gateway, at one of its ports. */
export class ApiClient {
  readonly #base: string;
  readonly #key: string;

  /** @throws CommandError when there is no key, ConfigError when a setting is wrong */
  constructor(
    { url, keyFile }: ClientOptions,
    env: Environment = process.env,
    private readonly place: Place = 'api',
  ) {
    const configured = readConfig(clientConfig, env)[places[place].key];
    this.#base = (url === undefined ? configured : checked(url)).replace(/\/+$/, '');
    this.#key = keyFile === undefined ? keyOf(env) : keyIn(keyFile);
  }

  /** The management port of a gateway. */
  static ofManagement(options: ClientOptions): ApiClient {
    return new ApiClient(options, process.env, 'management');
  }

  /**
   * The answer's JSON.
   * @param path begins with a slash; its variable parts are encoded by the caller
   * @throws CommandError: unreachable, denied or refused, with what the gateway says
   */
  async request<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, sent: Sent = {}): Promise<T> {
    const response = await this.send(method, path, sent);
    const answer = await this.#json(response);
    if (!response.ok) throw refusal(response.status, answer);
    return answer as T;
  }

  /** The answer as it comes, whatever its status: for event streams. */
  async send(method: string, path: string, { query = {}, body }: Sent = {}): Promise<Response> {
    const url = new URL(this.#base + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = {
      accept: 'application/json',
      authorization: `Bearer ${this.#key}`,
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await fetch(url, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error', // The key goes nowhere but where the user has sent it.
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw this.#unreachable(reasonOf(cause), cause);
    }
  }

  async #json(response: Response): Promise<unknown> {
    try {
      return await response.json();
    } catch (cause) {
      throw this.#unreachable(`HTTP ${response.status} without JSON`, cause);
    }
  }

  #unreachable(why: string, cause: unknown): CommandError {
    return new CommandError(
      'unreachable',
      `No Gatehouse answers at ${this.#base} (${why}): ${this.#helpFor(why)}`,
      { cause },
    );
  }

  #helpFor(why: string): string {
    if (UNTRUSTED.test(why)) return 'NODE_EXTRA_CA_CERTS names a file of the certificates to trust';
    const { help } = places[this.place];
    if (!OTHER_SCHEME.test(why)) return `is it started? ${help}`;
    return `is it ${this.#base.startsWith('https') ? 'http' : 'https'} there? ${help}`;
  }
}

function checked(url: string): string {
  const { url: setting } = clientConfig.settings;
  if (setting.parse(url, '--url') === undefined) throw new ConfigError([`--url must be ${setting.shape}`]);
  return url;
}

/** The key that the environment holds, if it does. */
export function keyFrom(env: Environment): string | undefined {
  return readConfig(identityConfig, env).adminKey;
}

function keyOf(env: Environment): string {
  const key = keyFrom(env);
  if (key !== undefined) return key;
  throw new CommandError(
    'denied',
    'No API key: set GATEHOUSE_API_KEY, or name a file that holds one with --key-file',
  );
}

export function keyIn(file: string): string {
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw new CommandError('usage', `The file of --key-file can't be read (${code})`, { cause });
  }
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new CommandError('usage', 'The file of --key-file does not hold one API key and nothing else');
}

/** What the gateway says, for people: its message, what was wrong with the input, and the id to ask about. */
function refusal(status: number, answer: unknown): CommandError {
  const { error, details, correlation_id: id, more } = (answer ?? {}) as Record<string, unknown>;
  const lines = [
    typeof error === 'string' ? error : `The gateway answered with HTTP ${status}`,
    ...linesOf((details as Record<string, unknown> | undefined)?.['faults']),
    ...(status >= 500 && typeof id === 'string' ? [`  correlation id ${id}`] : []),
    ...(typeof more === 'string' ? [`  → ${more}`] : []),
  ];
  return new CommandError(status === 401 || status === 403 ? 'denied' : 'refused', lines.join('\n'));
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  const { code, message } = (cause ?? error) as NodeJS.ErrnoException;
  return code ?? message;
}
