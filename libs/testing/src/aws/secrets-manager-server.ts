import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';
/** A text, or bytes. */
type Value = string | Uint8Array;
interface Version {
  readonly value: Value;
  readonly createdAt: Date;
}

/** What it answers instead of a secret: an error of AWS by its name, nothing at all, or a body of its own. */
export type Mood = { error: string; status?: number } | { silent: true } | { body: string } | undefined;

/** AWS Secrets Manager, as far as GetSecretValue goes: JSON 1.1 over HTTP, with versions that a rotation relabels. */
export class SecretsManagerServer implements AsyncDisposable {
  /** How it answers everybody, until it is told otherwise. */
  mood: Mood;
  /** Ids and stages, in the order in which they were asked for. */
  readonly asked: string[] = [];
  readonly #secrets = new Map<string, Partial<Record<Stage, Version>>>();
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<SecretsManagerServer> {
    const server = new SecretsManagerServer();
    await server.open();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The settings of whoever asks it. */
  get env(): Record<string, string> {
    return {
      SECRETS_PREFIX: '/mcp-demo/prod',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.url,
    };
  }

  /** Puts a value in; the one before becomes AWSPREVIOUS, as after a rotation. */
  put(entry: string, value: Value, createdAt = new Date()): this {
    const id = `/mcp-demo/prod/${entry}`;
    const before = this.#secrets.get(id)?.AWSCURRENT;
    this.#secrets.set(id, { AWSCURRENT: { value, createdAt }, ...(before && { AWSPREVIOUS: before }) });
    return this;
  }

  delete(entry: string): void {
    this.#secrets.delete(`/mcp-demo/prod/${entry}`);
  }

  /** Listens again after `close`, on the same port. */
  async open(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { SecretId: id, VersionStage: stage = 'AWSCURRENT' } = (await json(request)) as Record<
      string,
      string
    >;
    this.asked.push(`${id} ${stage}`);
    const { mood } = this;
    if (
      request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue' ||
      !request.headers.authorization
    ) {
      return fail(response, 'InvalidSignatureException', 400);
    }
    if (mood && 'silent' in mood) return;
    if (mood && 'body' in mood) return reply(response, 200, mood.body);
    if (mood) return fail(response, mood.error, mood.status ?? 400);
    const version = this.#secrets.get(id!)?.[stage as Stage];
    if (!version) return fail(response, 'ResourceNotFoundException', 400);
    const { value, createdAt } = version;
    const secret =
      typeof value === 'string'
        ? { SecretString: value }
        : { SecretBinary: Buffer.from(value).toString('base64') };
    reply(
      response,
      200,
      JSON.stringify({
        Name: id,
        VersionStages: [stage],
        CreatedDate: createdAt.getTime() / 1000,
        ...secret,
      }),
    );
  }
}

function fail(response: ServerResponse, type: string, status: number): void {
  reply(response, status, JSON.stringify({ __type: type, Message: 'the secret is hunter2-hunter2' }));
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
}
