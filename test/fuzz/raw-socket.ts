import { connect, type Socket } from 'node:net';
import { HANG_MS, REQUEST_TIMEOUT_MS, type FuzzHouse } from './house/open-house.ts';

/** Much more than any value here may cost. */
const MOST_BYTES = 768 * 1024 * 1024;

/** A connection on which whatever bytes are written. */
export class RawSocket {
  readonly closed: Promise<boolean>;
  readonly #openedAt = performance.now();
  #received = Buffer.alloc(0);
  #isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
    socket.on('error', () => undefined); // A server that cuts it may do so by a reset.
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        resolve(true);
      });
    });
  }

  static async open(port: number): Promise<RawSocket> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    const opened = new RawSocket(socket);
    await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), opened.closed]);
    socket.once('end', () => socket.end());
    return opened;
  }

  /** All that has come so far. */
  get received(): Buffer {
    return this.#received;
  }
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** On a machine that has much to do, the time of a handshake or of a message may have been over. */
  get isLate(): boolean {
    return performance.now() - this.#openedAt >= REQUEST_TIMEOUT_MS;
  }

  /** In so many pieces, each in a turn of its own. */
  async write(bytes: Uint8Array, pieces: number): Promise<void> {
    const size = Math.ceil(bytes.length / pieces) || 1;
    for (let at = 0; at < bytes.length && this.socket.writable; at += size) {
      this.socket.write(bytes.subarray(at, at + size));
      if (pieces > 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when something is so, or the connection is closed. Throws where neither is in time. */
  async until(isSo: (received: Buffer) => boolean, what: string): Promise<void> {
    const limit = performance.now() + HANG_MS;
    while (!isSo(this.#received) && !this.#isClosed) {
      if (performance.now() > limit) {
        this.socket.destroy();
        throw new Error(`${what} did not come within ${HANG_MS} ms, but ${excerpt(this.#received)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Throws where the other side does not end the connection in time. */
  async ended(): Promise<void> {
    await this.until(() => false, 'The end of the connection');
  }
}

/** Throws where connections are still served that have gone, or where memory was filled. */
export async function checkLeft(house: FuzzHouse, door: 'ws' | 'tcp'): Promise<void> {
  const limit = performance.now() + HANG_MS;
  while (house.connected(door) > 0) {
    if (performance.now() > limit) throw new Error(`${house.connected(door)} connections are served yet`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { heapUsed, external } = process.memoryUsage();
  if (heapUsed + external > MOST_BYTES) throw new Error(`${heapUsed + external} bytes of memory are in use`);
}

function excerpt(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(-500).toString());
}
