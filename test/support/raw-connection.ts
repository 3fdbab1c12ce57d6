import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answer } from './gateway-client.ts';

const LIMIT_MS = 10_000;

/** A connection on which a test writes what no HTTP client would. */
export class RawConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
    socket.on('error', () => undefined); // A server that cuts the connection may do so by a reset.
    socket.on('close', () => (this.#ended = true));
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  get ended(): boolean {
    return this.#ended;
  }

  send(bytes: string | Uint8Array): this {
    if (this.#socket.writable) this.#socket.write(bytes);
    return this;
  }

  /** Reads no more of what comes. */
  pause(): this {
    this.#socket.pause();
    return this;
  }

  /** Says that no more will be sent, and goes on listening. */
  end(): this {
    this.#socket.end();
    return this;
  }

  /** Goes away without a word. */
  drop(): void {
    this.#socket.destroy();
  }

  /** The next answer, whole; undefined when the connection ends without one. */
  async answer(): Promise<Answer | undefined> {
    const limit = Date.now() + LIMIT_MS;
    for (;;) {
      const read = answerIn(this.#received);
      if (read) {
        this.#received = this.#received.subarray(read.length);
        return read.answer;
      }
      if (this.#ended) return undefined;
      if (Date.now() > limit)
        throw new Error(`No answer in ${LIMIT_MS} ms, but ${this.#received.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Resolves when the other side has ended the connection. */
  async cut(): Promise<void> {
    if (!this.#ended) await once(this.#socket, 'close', { signal: AbortSignal.timeout(LIMIT_MS) });
  }
}

/** The lines of a request's head. */
export function head(request: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`${request} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

function answerIn(bytes: Buffer): { answer: Answer; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line, ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Headers(
    fields.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1).trim()]),
  );
  const length = end + 4 + Number(headers.get('content-length') ?? 0);
  if (bytes.length < length) return undefined;
  const text = bytes.subarray(end + 4, length).toString();
  const isJson = headers.get('content-type')?.includes('json') && text !== '';
  const body: unknown = isJson ? JSON.parse(text) : text;
  return { answer: { status: Number(line?.split(' ')[1]), headers, body }, length };
}
