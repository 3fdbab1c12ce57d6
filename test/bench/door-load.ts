import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SAYS, echoCall, MODERN } from './rounds.ts';

const AT_ONCE = 50;
const NEWLINE = 0x0a;
const SHORT = 126;
const MASKED = 0x80;
const EXPECTED = Buffer.from(SAYS);

export interface PipelineOptions {
  readonly pipelined: number;
  readonly seconds: number;
}

/**
 * One connection to a door where it lasts, with so many calls on their way at a time. It reads no more than it must to
 * tell answers apart, so that the machine's time goes to the server and not to whoever measures it.
 */
export class DoorLoad {
  #left: Buffer = Buffer.alloc(0);
  #answered: (answer: Buffer) => void = () => undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly door: 'ws' | 'tcp',
  ) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
  }

  static async open(door: 'ws' | 'tcp', port: number, key: string): Promise<DoorLoad> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    if (door === 'ws')
      socket.write(
        `GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
          `sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nsec-websocket-protocol: mcp\r\nauthorization: Bearer ${key}\r\n\r\n`,
      );
    else
      socket.write(
        `${JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'authenticate', params: { token: key } })}\n`,
      );
    const [first] = (await once(socket, 'data')) as [Buffer];
    const isIn = first.includes(door === 'ws' ? ' 101 ' : '"authenticated":true');
    if (!isIn) throw new Error(`Not let in: ${first.toString('latin1', 0, 300)}`);
    return new DoorLoad(socket, door);
  }

  static async openMany({
    door,
    port,
    key,
    count,
  }: {
    door: 'ws' | 'tcp';
    port: number;
    key: string;
    count: number;
  }): Promise<DoorLoad[]> {
    const opened: DoorLoad[] = [];
    while (opened.length < count) {
      const some = Math.min(AT_ONCE, count - opened.length);
      opened.push(...(await Promise.all(Array.from({ length: some }, () => DoorLoad.open(door, port, key)))));
    }
    return opened;
  }

  /** Calls per second. Throws for an answer that is not as expected. */
  rate({ pipelined, seconds }: PipelineOptions): Promise<number> {
    const { bodyOf } = echoCall(MODERN);
    const message = this.#framed(bodyOf(1));
    const begun = performance.now();
    let count = 0;
    return new Promise((resolve, reject) => {
      this.socket.once('close', () => reject(new Error('The server closed the connection')));
      let due = 0;
      const sendDue = () => {
        if (!this.socket.destroyed) this.socket.write(Buffer.concat(Array<Buffer>(due).fill(message)));
        due = 0;
      };
      this.#answered = (answer) => {
        if (!answer.includes(EXPECTED)) reject(new Error(`Answered: ${answer.toString('latin1', 0, 600)}`));
        count++;
        const elapsed = performance.now() - begun;
        if (elapsed >= seconds * 1000) resolve(count / (elapsed / 1000));
        // What was answered in one packet is asked again in one.
        else if (++due === 1) setImmediate(sendDue);
      };
      this.socket.write(Buffer.concat(Array<Buffer>(pipelined).fill(message)));
    });
  }

  close(): void {
    this.#answered = () => undefined;
    this.socket.destroy();
  }

  /** A client masks what it sends (RFC 6455, section 5.3); with a mask of zeros it stays as it is. */
  #framed(text: string): Buffer {
    const body = Buffer.from(text);
    if (this.door === 'tcp') return Buffer.concat([body, Buffer.from('\n')]);
    const head = Buffer.from([0x81, MASKED | SHORT, body.length >> 8, body.length & 0xff, 0, 0, 0, 0]);
    return Buffer.concat([head, body]);
  }

  #read(chunk: Buffer): void {
    let bytes = this.#left.length > 0 ? Buffer.concat([this.#left, chunk]) : chunk;
    for (let end = this.#endOf(bytes); end > 0; end = this.#endOf(bytes)) {
      this.#answered(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    this.#left = bytes;
  }

  /** Where the first message ends; 0 where it is not whole. */
  #endOf(bytes: Buffer): number {
    if (this.door === 'tcp') return bytes.indexOf(NEWLINE) + 1;
    if (bytes.length < 4) return 0;
    const short = bytes[1]!;
    const end = short < SHORT ? 2 + short : 4 + bytes.readUInt16BE(2);
    return bytes.length >= end ? end : 0;
  }
}
