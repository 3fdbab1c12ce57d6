import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { BlockGate } from '#blocking';
import { networkOf } from '#call';
import { TurnedAway, type ConnectionCaps, type TurnedAwayFor } from '#connections';
import { rateLimitHeaders, throttleConfig, type ThrottleSettings } from '#throttle';
import { httpConfig } from './http.config.ts';
import { securityHeaders } from './security-headers.ts';
import type { HttpSettings } from './server-bounds.ts';

/** Node keeps the response that a connection waits for there; its own handler of such errors asks the same. */
type Connection = Socket & { _httpMessage?: ServerResponse<IncomingMessage> | null };

/** What Node's parser gives up with, as Node itself would answer it. All else is no HTTP. */
const faults: Readonly<Record<string, [number, TurnedAwayFor]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'slow'],
  HPE_HEADER_OVERFLOW: [431, 'large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'large'],
};

/**
 * What is answered before there is a call, at every listener of HTTP. No pipeline walks for it, so it has its headers and
 * leaves its trace here: one record for many.
 */
@Injectable()
export class Doorstep {
  constructor(
    private readonly turnedAway: TurnedAway,
    @Inject(throttleConfig.KEY) private readonly limits: ThrottleSettings,
    @Inject(httpConfig.KEY) private readonly http: HttpSettings,
  ) {}

  /** Of every answer. `plain`: it is known to leave without TLS, where HSTS must not be said (RFC 6797, section 7.2). */
  headers({ plain = false } = {}): Record<string, string> {
    const { 'strict-transport-security': hsts, ...others } = this.http.securityHeaders ? securityHeaders : {};
    return {
      ...others,
      ...(hsts !== undefined && !plain && { 'strict-transport-security': hsts }),
      ...rateLimitHeaders(undefined, this.limits),
    };
  }

  note({ remoteAddress }: { remoteAddress?: string | undefined }, reason: TurnedAwayFor): void {
    this.turnedAway.count(remoteAddress === undefined ? 'unknown' : networkOf(remoteAddress), reason);
  }

  /**
   * A blocked client that goes on and on is not read any more; behind a trusted proxy, the requests are told apart. Nor is
   * one connection more than there may be.
   */
  guard(server: Server, blocks: Pick<BlockGate, 'cuts'>, caps: ConnectionCaps): void {
    server.on('connection', (socket: Socket) => {
      const { remoteAddress } = socket;
      const isCut = remoteAddress === undefined || blocks.cuts(remoteAddress);
      const release = isCut ? undefined : caps.take(remoteAddress);
      if (release) socket.once('close', release);
      else {
        // To a client that speaks TLS, this would be no answer.
        if (!isCut && !('setSecureContext' in server))
          socket.write(this.#answer(503, { 'Retry-After': '1' }));
        socket.destroySoon();
      }
    });
    this.watch(server);
  }

  /** Those beyond MAX_CONNECTIONS Node hangs up on before anybody else sees them, and what is no HTTP it answers by itself. */
  watch(server: Server): void {
    server.on('drop', (dropped) => this.note(dropped ?? {}, 'excess'));
    server.on('clientError', (error, socket) => this.refuseBytes(error, socket as Socket));
  }

  /**
   * What is no HTTP never becomes a call: a short answer, and the connection ends. If a request that came before it on
   * this connection is still to be answered, that is answered first, so that nobody takes this answer for that one's.
   */
  refuseBytes = (error: NodeJS.ErrnoException, socket: Connection): void => {
    const { _httpMessage: response } = socket;
    // A body that comes too slowly has a deadline, and an answer, as a call.
    if (response && (response.req.complete || error.code === 'ERR_HTTP_REQUEST_TIMEOUT')) {
      if (!response.headersSent) {
        response.setHeader('connection', 'close');
        return;
      }
    } else if (socket.writable) {
      const [status, reason] = faults[error.code ?? ''] ?? [400, 'unreadable'];
      this.note(socket, reason);
      socket.write(this.#answer(status));
    }
    socket.destroySoon();
  };

  #answer(status: number, more: Readonly<Record<string, string>> = {}): string {
    const headers = {
      Connection: 'close',
      Date: new Date().toUTCString(),
      'Content-Length': '0',
      ...this.headers(),
      ...more,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`;
  }
}
