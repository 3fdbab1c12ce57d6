import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { GatehouseError, type ErrorCode } from '#errors';
import { contained } from '../contained.ts';
import { endings, type Ending } from '../socket-door/endings.ts';
import { Wire } from '../socket-door/wire.ts';
import { FrameFollower } from './frame-follower.ts';

/** What `ws` says of bytes that it can't go on from. */
const faults: Readonly<Record<string, [ErrorCode, Ending]>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: ['PAYLOAD_TOO_LARGE', endings.tooLarge],
  WS_ERR_TOO_MANY_BUFFERED_PARTS: ['PAYLOAD_TOO_LARGE', endings.crumbled],
  WS_ERR_INVALID_UTF8: ['MALFORMED_JSON', endings.notText],
};
const TEXT = { binary: false, compress: true } as const;

/** One message a text message of a WebSocket (RFC 6455). */
export class WebSocketWire extends Wire {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #frames = new FrameFollower();
  #partialSince: number | undefined;
  #isAlive = true;
  #corked = false;
  #sent = 0;
  #isDeaf = false;

  /** @param stream what lies below the WebSocket: its own does not say when what waited has left */
  constructor(socket: WebSocket, stream: Duplex) {
    super();
    this.#socket = socket;
    this.#stream = stream;
    const safely = (work: () => void) => contained(work, () => this.cut());
    socket.on('message', (data: RawData, isBinary: boolean) =>
      safely(() => this.#read(data as Buffer, isBinary)),
    );
    socket.on('pong', () => (this.#isAlive = true));
    socket.on('error', (error: Error & { code?: string }) => safely(() => this.#failed(error)));
    socket.once('close', () => safely(() => this.reader.closed()));
    stream.on('data', (chunk: Buffer) => safely(() => this.#follow(chunk)));
    stream.on('drain', () => safely(() => this.reader.drained()));
  }

  override get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }
  override get unread(): number {
    return this.#socket.bufferedAmount;
  }
  override get taken(): number {
    return this.#sent - this.#socket.bufferedAmount;
  }
  override get partialSince(): number | undefined {
    return this.#socket.isPaused ? undefined : this.#partialSince;
  }

  override send(text: string): void {
    if (!this.open) return;
    this.#cork();
    this.#socket.send(text, TEXT);
    this.#sent += Buffer.byteLength(text);
  }

  override pause(): void {
    if (this.open) this.#socket.pause();
  }

  override resume(): void {
    if (this.#partialSince !== undefined) this.#partialSince = performance.now();
    if (this.open) this.#socket.resume();
  }

  override end({ code, reason }: Ending): void {
    this.#isDeaf = true;
    this.#socket.resume(); // Or the other end's word of farewell would not be heard.
    this.#socket.close(code, reason);
  }

  override cut(): void {
    this.#isDeaf = true;
    this.#socket.terminate();
  }

  override probe(): boolean {
    // While nothing is read of it, its pong is not read either.
    if (!this.open || this.#socket.isPaused) return true;
    const wasAlive = this.#isAlive;
    this.#isAlive = false;
    this.#socket.ping();
    return wasAlive;
  }

  /** Answers that are ready in one turn leave in one packet. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#stream.uncork();
    });
  }

  #follow(chunk: Buffer): void {
    const wasWhole = this.#frames.follow(chunk);
    if (!this.#frames.isPartial) this.#partialSince = undefined;
    else if (wasWhole) this.#partialSince = performance.now();
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (this.#isDeaf) return;
    if (isBinary) {
      this.#refuse(new GatehouseError('MEDIA_TYPE_UNSUPPORTED', endings.binary.reason), endings.binary);
    } else this.reader.message(data);
  }

  /** It says why by itself, and ends: what is left to do is to record it. */
  #failed({ code }: { code?: string }): void {
    if (!code?.startsWith('WS_ERR_')) return; // The connection broke.
    const [error, ending] = faults[code] ?? ['INVALID_REQUEST', endings.noWebSocket];
    this.#refuse(new GatehouseError(error, ending.reason), ending);
  }

  #refuse(error: GatehouseError, ending: Ending): void {
    if (this.#isDeaf) return;
    this.#isDeaf = true;
    this.reader.refused(error, ending);
  }
}
