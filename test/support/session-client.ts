import { LEGACY, type GatewayClient } from './gateway-client.ts';

interface Sent {
  readonly method?: 'POST' | 'GET' | 'DELETE';
  /** Of the session, where there is one. */
  readonly session?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of 2025, message by message: what the official client would not do can be tried too. */
export class SessionClient {
  constructor(
    private readonly gateway: GatewayClient,
    readonly key: string,
  ) {}

  send(message: object | undefined, { method = 'POST', session, headers }: Sent = {}): Promise<Response> {
    return fetch(new URL('/mcp', this.gateway.url), {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': LEGACY,
        ...(message && { 'content-type': 'application/json' }),
        ...(session !== undefined && { 'mcp-session-id': session }),
        ...headers,
      },
      ...(message && { body: JSON.stringify({ jsonrpc: '2.0', ...message }) }),
    });
  }

  initialize(capabilities: object = { elicitation: {} }): Promise<Response> {
    const params = { protocolVersion: LEGACY, capabilities, clientInfo: { name: 'test', version: '1' } };
    return this.send({ id: 0, method: 'initialize', params });
  }

  /** The id of a new session. */
  async open(capabilities?: object): Promise<string> {
    const response = await this.initialize(capabilities);
    await response.arrayBuffer();
    const session = response.headers.get('mcp-session-id');
    if (session === null) throw new Error(`No session, but ${response.status}`);
    return session;
  }

  /** The status of a ping, and the code of its error. */
  async ping(session: string): Promise<{ status: number; code: string | undefined }> {
    const response = await this.send({ id: 1, method: 'ping' }, { session });
    const { error } = (await response.json()) as { error?: { data: { code: string } } };
    return { status: response.status, code: error?.data.code };
  }

  /** What the stream of what belongs to no request says; it opens before this resolves. */
  async listen(session: string): Promise<Listening> {
    const response = await this.send(undefined, {
      method: 'GET',
      session,
      headers: { accept: 'text/event-stream' },
    });
    if (response.status !== 200) throw new Error(`No stream, but ${response.status}`);
    return new Listening(response.body!);
  }
}

/** An open stream, read as it comes. */
export class Listening {
  text = '';
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
    this.ended = this.#read();
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.text += decoder.decode(value, { stream: true });
    }
  }
}
