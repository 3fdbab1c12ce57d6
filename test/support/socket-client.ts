import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely, type ConnectionOptions } from 'node:tls';
import { WebSocket, type ClientOptions } from 'ws';

const LIMIT_MS = 10_000;

/** One JSON-RPC message, as it comes. */
export interface Told {
  id?: string | number | null;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

/** A connection that carries messages, at whichever door. */
export abstract class SocketClient {
  readonly told: Told[] = [];
  /** Called with what the server asks; what it returns is sent as the result. */
  onAsked: ((asked: Told) => unknown) | undefined;
  /** Told of all that comes, in place of what follows here. */
  onTold: ((told: Told) => void) | undefined;
  #nextId = 1;
  readonly #waiting = new Map<string | number, (told: Told) => void>();

  abstract send(text: string): void;
  /** The bytes of one message, whatever they are. */
  abstract sendBytes(bytes: string | Uint8Array): void;
  abstract readonly ended: boolean;
  /** What lies below, to stop reading of, or to write what no client would. */
  abstract readonly raw: Socket;
  /** Resolves when it is over. */
  abstract readonly over: Promise<unknown>;
  abstract drop(): void;
  /** Goes so that nobody can take it for a client that still reads. */
  abstract vanish(): void;

  /** The answer to a request; undefined when the connection ends without one. */
  async request(method: string, params: Record<string, unknown> = {}): Promise<Told | undefined> {
    const id = this.#nextId++;
    return this.exchange(JSON.stringify({ jsonrpc: '2.0', id, method, params }), id);
  }

  async exchange(text: string, id: string | number): Promise<Told | undefined> {
    const answer = this.answerTo(id);
    this.send(text);
    return answer;
  }

  async answerTo(id: string | number): Promise<Told | undefined> {
    const { promise, resolve } = Promise.withResolvers<Told>();
    this.#waiting.set(id, resolve);
    return Promise.race([promise, this.over.then(() => undefined)]);
  }

  protected take(text: string): void {
    const told = JSON.parse(text) as Told;
    if (this.onTold) {
      this.onTold(told);
      return;
    }
    this.told.push(told);
    if (told.method !== undefined && told.id !== undefined && this.onAsked) {
      this.send(JSON.stringify({ jsonrpc: '2.0', id: told.id, result: this.onAsked(told) }));
      return;
    }
    const { id } = told;
    if (told.method !== undefined || id === undefined || id === null) return;
    this.#waiting.get(id)?.(told);
    this.#waiting.delete(id);
  }
}

export interface Closed {
  code: number;
  reason: string;
}

/** Resolves to a WebSocket, or rejects with what the server answered in its place. */
export class WebSocketClient extends SocketClient {
  closed: Closed | undefined;
  override readonly over: Promise<Closed>;

  private constructor(readonly socket: WebSocket) {
    super();
    socket.on('message', (data: Buffer) => this.take(data.toString()));
    socket.on('error', () => undefined);
    this.over = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve((this.closed = { code, reason: reason.toString() }))),
    );
  }

  static async open(
    url: string,
    { key, protocols = ['mcp'], ...options }: ClientOptions & { key?: string; protocols?: string[] } = {},
  ): Promise<WebSocketClient> {
    const headers = { ...(key && { authorization: `Bearer ${key}` }), ...options.headers };
    const socket = new WebSocket(url, protocols, { ...options, headers });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        response.setEncoding('utf8');
        let body = '';
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () =>
          reject(new UpgradeRefused(response.statusCode!, new Headers(response.headers as never), body)),
        );
      });
    });
    return new WebSocketClient(socket);
  }

  override get ended(): boolean {
    return this.closed !== undefined;
  }
  override get raw(): Socket {
    return (this.socket as unknown as Record<'_socket', Socket>)['_socket'];
  }
  override send(text: string): void {
    this.socket.send(text);
  }
  override sendBytes(bytes: string | Uint8Array): void {
    this.socket.send(bytes, { binary: false });
  }
  override drop(): void {
    this.socket.terminate();
  }
  override vanish(): void {
    this.socket.terminate();
  }
}

/** A request that did not become a WebSocket. */
export class UpgradeRefused extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly body: string,
  ) {
    super(`HTTP ${status}: ${body}`);
  }

  get code(): string | undefined {
    return (JSON.parse(this.body) as Told).error?.data?.['code'] as string | undefined;
  }
}

/** What the server answers in place of a WebSocket. */
export async function refusedUpgrade(
  url: string,
  options?: Parameters<typeof WebSocketClient.open>[1],
): Promise<UpgradeRefused> {
  try {
    (await WebSocketClient.open(url, options)).drop();
  } catch (error) {
    if (error instanceof UpgradeRefused) return error;
    throw error;
  }
  throw new Error('It became a WebSocket');
}

/** Newline-delimited JSON. */
export class TcpClient extends SocketClient {
  ended = false;
  override readonly over: Promise<void>;
  #text = '';

  override get raw(): Socket {
    return this.socket;
  }

  private constructor(readonly socket: Socket) {
    super();
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => undefined);
    this.over = new Promise((resolve) =>
      socket.once('close', () => {
        this.ended = true;
        resolve();
      }),
    );
  }

  /** Connects, with TLS where it is told how, and says nothing. */
  static async connect(port: number, tls?: ConnectionOptions): Promise<TcpClient> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    if (tls) {
      const socket = connectSecurely({ host: '127.0.0.1', port, ...tls });
      await once(socket, 'secureConnect', { signal });
      return new TcpClient(socket);
    }
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect', { signal });
    return new TcpClient(socket);
  }

  static async open(port: number, token: string): Promise<TcpClient> {
    const client = await TcpClient.connect(port);
    const answer = await client.authenticate(token);
    if (!answer?.result) throw new Error(`Not let in: ${JSON.stringify(answer)}`);
    client.told.length = 0;
    return client;
  }

  async authenticate(token?: unknown): Promise<Told | undefined> {
    const message = { jsonrpc: '2.0', id: 'hello', method: 'authenticate', params: { token } };
    return this.exchange(JSON.stringify(message), 'hello');
  }

  override send(text: string): void {
    if (this.socket.writable) this.socket.write(`${text}\n`);
  }
  override sendBytes(bytes: string | Uint8Array): void {
    this.socket.write(Buffer.concat([Buffer.from(bytes), Buffer.from('\n')]));
  }
  override drop(): void {
    this.socket.destroy();
  }
  override vanish(): void {
    this.socket.resetAndDestroy();
  }

  #read(chunk: string): void {
    const lines = (this.#text + chunk).split('\n');
    this.#text = lines.pop()!;
    for (const line of lines) if (line !== '') this.take(line);
  }
}
