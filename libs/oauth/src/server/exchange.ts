import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import type { GatehouseError } from '#errors';

/** One request to the authorization server, as the door has read it. */
export interface OAuthRequest {
  readonly method: string;
  /** Below the server's own root: `/token?…`. */
  readonly path: string;
  /** Only these have a meaning here. */
  readonly headers: {
    cookie?: string | undefined;
    authorization?: string | undefined;
    accept?: string | undefined;
  };
  /** Content type and bytes. */
  readonly body?: { readonly type: string; readonly bytes: Buffer } | undefined;
}

export interface OAuthAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
  /** Why it is no success, for the record of the call. */
  readonly refusal?: GatehouseError | undefined;
}

/**
 * A request and a response that are on no connection, for a framework that wants to write to one: what it writes is kept,
 * so that the call is on record before its answer leaves, and what a client sends beside what it may is never seen.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Why the call is refused, where that is known better than by the status of the answer. */
  refusal: GatehouseError | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #ended = Promise.withResolvers<void>();

  constructor({ method, path, headers, body }: OAuthRequest, base: URL) {
    const socket = new Socket();
    // Where TLS ends is not asked of headers, which anybody can send: PUBLIC_URL says it.
    Object.defineProperty(socket, 'encrypted', { value: base.protocol === 'https:' });
    this.request = new IncomingMessage(socket);
    this.request.method = method;
    this.request.url = path;
    this.request.headers = {
      host: base.host,
      ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      ...(body && { 'content-type': body.type, 'content-length': String(body.bytes.length) }),
    };
    Object.assign(this.request, { originalUrl: `${base.pathname}${path}` });
    if (body) this.request.push(body.bytes);
    this.request.push(null);
    this.response = new ServerResponse(this.request);
    this.response.write = (chunk: unknown) => (this.#keep(chunk), true);
    this.response.end = (chunk?: unknown) => {
      this.#keep(chunk);
      this.#ended.resolve();
      return this.response;
    };
  }

  /** Once something has ended the response. */
  async answer(): Promise<OAuthAnswer> {
    await this.#ended.promise;
    return {
      status: this.response.statusCode,
      headers: this.response.getHeaders(),
      body: Buffer.concat(this.#chunks),
      refusal: this.refusal,
    };
  }

  #keep(chunk: unknown): void {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.#chunks.push(Buffer.from(chunk));
  }
}
