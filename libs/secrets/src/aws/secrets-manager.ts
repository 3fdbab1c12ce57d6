import { pipeline, Readable, Transform } from 'node:stream';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { asSecretFailure, isMissing, SecretFailure } from './secret-failure.ts';
import { MOST_BYTES, secretText } from './secret-text.ts';
import type { SecretEntry } from '../secret-entries.ts';
import { SecretStore, type SecretVersion } from '../secret-store.ts';

export interface SecretsManagerOptions {
  /** As in `/mcp-demo/prod`. */
  prefix: string;
  region: string | undefined;
  endpoint: string | undefined;
  /** For one secret, attempts included. */
  timeoutMs: number;
}

const ATTEMPTS = 3;
/** JSON may write each byte of a secret as six. */
const MOST_ANSWER_BYTES = MOST_BYTES * 6 + 4_096;

/** AWS Secrets Manager, with the credentials that AWS programs find: of the environment, the pod's role, the machine's. */
export class SecretsManager extends SecretStore {
  readonly #client: SecretsManagerClient;
  readonly #prefix: string;
  readonly #timeoutMs: number;

  constructor({ prefix, region, endpoint, timeoutMs }: SecretsManagerOptions) {
    super();
    this.#prefix = prefix.replace(/\/+$/, '');
    this.#timeoutMs = timeoutMs;
    this.#client = new SecretsManagerClient({
      maxAttempts: ATTEMPTS,
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
    });
    this.#client.middlewareStack.add(boundAnswers, {
      step: 'deserialize',
      priority: 'low',
      name: 'boundAnswers',
    });
  }

  override async read({ entry, stage }: SecretEntry): Promise<SecretVersion | undefined> {
    const command = new GetSecretValueCommand({ SecretId: this.idOf(entry), VersionStage: stage });
    const abortSignal = AbortSignal.timeout(this.#timeoutMs);
    try {
      // The search for credentials does not heed the signal.
      const kept = await Promise.race([this.#client.send(command, { abortSignal }), abortion(abortSignal)]);
      return { text: secretText(entry, kept), writtenAt: kept.CreatedDate };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw asSecretFailure(error, this.#timeoutMs);
    }
  }

  override idOf(entry: string): string {
    return `${this.#prefix}/${entry}`;
  }

  override close(): void {
    this.#client.destroy();
  }
}

function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

type Next<A, R> = (args: A) => Promise<R>;

/** Whatever stands at that address must not fill our memory. */
function boundAnswers<A, R extends { response: unknown }>(next: Next<A, R>): Next<A, R> {
  return async (args) => {
    const answered = await next(args);
    const response = answered.response as { body?: unknown };
    if (response.body instanceof Readable) response.body = bounded(response.body);
    return answered;
  };
}

function bounded(body: Readable): Readable {
  let bytes = 0;
  const bound = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > MOST_ANSWER_BYTES) done(new SecretFailure('its answer is too large'));
      else done(null, chunk);
    },
  });
  pipeline(body, bound, () => undefined); // Who reads it hears of its errors.
  return bound;
}
