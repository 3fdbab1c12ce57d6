import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { BlockGate } from '#blocking';
import type { ConfigOf } from '#config';
import type { ConnectionCaps } from '#connections';
import type { CorsHeaders } from '../http-server/cors-headers.ts';
import { contained } from '../contained.ts';
import { Doorstep } from '../http-server/doorstep.ts';
import type { OriginPolicy } from '../http-server/origin-policy.ts';
import { httpConfig } from '../http-server/http.config.ts';
import { boundServer, serverOptions, type HttpSettings } from '../http-server/server-bounds.ts';
import { tlsConfig } from './tls.config.ts';
import { TlsContexts } from './tls-contexts.ts';

/** What a target may be for us (RFC 9112, section 3.2.1); no other form of it leads anywhere. */
const ORIGIN_FORM = /^\/[\x21-\x7e]*$/;
/** `name`, `name:80`, `192.0.2.7:80`, `[2001:db8::1]:80`. */
const HOST = /^(?:\[([\da-f:.]{2,45})\]|([a-z\d.-]{1,253}))(?::\d{1,5})?$/i;
/** It only ever reads a head. */
const PATIENCE_MS = 10_000;

export interface RedirectOptions {
  /** Of the API. */
  readonly securePort: number;
  readonly blocks: Pick<BlockGate, 'cuts'>;
  readonly caps: ConnectionCaps;
  readonly origins: OriginPolicy;
  readonly cors: CorsHeaders;
}

/**
 * Sends whoever comes without TLS to where there is some. Only to a place that is ours: PUBLIC_URL, or else a host that
 * the certificate is for. It says no HSTS, which counts with TLS alone (RFC 6797, section 7.2), and reads no body.
 */
@Injectable()
export class HttpsRedirect {
  #server: Server | undefined;
  #securePort = 443;

  constructor(
    private readonly tls: TlsContexts,
    @Inject(httpConfig.KEY) private readonly http: HttpSettings,
    @Inject(tlsConfig.KEY) private readonly settings: ConfigOf<typeof tlsConfig>,
    private readonly doorstep: Doorstep,
  ) {}

  async listen({ securePort, blocks, caps, origins, cors }: RedirectOptions): Promise<void> {
    const { redirectPort: port } = this.settings;
    if (port === 0) return;
    this.#securePort = securePort;
    const requestTimeoutMs = Math.min(PATIENCE_MS, this.http.requestTimeoutMs);
    const settings = { ...this.http, requestTimeoutMs };
    const server = createServer(serverOptions(settings), (request, response) => {
      const { origin } = request.headers;
      contained(
        () => this.#answer(request, response, origins.allows(origin), cors.of(origin)),
        () => request.socket.destroy(),
      );
    });
    boundServer(server, settings);
    this.doorstep.guard(server, blocks, caps);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.http.host, port }, resolve);
    });
    this.#server = server;
  }

  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  #answer(
    { url = '', headers: { host = '' }, socket }: IncomingMessage,
    response: ServerResponse,
    mayCall: boolean,
    forPages: Readonly<Record<string, string>> | undefined,
  ): void {
    const base = this.http.publicUrl?.startsWith('https:') ? this.http.publicUrl : this.#sameHost(host);
    const safe = mayCall && base !== undefined && ORIGIN_FORM.test(url);
    const refusal = mayCall ? 400 : 403;
    this.doorstep.note(socket, safe ? 'redirected' : mayCall ? 'misdirected' : 'origin');
    response.writeHead(safe ? 308 : refusal, {
      ...this.doorstep.headers({ plain: true }),
      ...forPages,
      ...(safe && { location: base + url }),
      connection: 'close',
      'content-length': 0,
      'cache-control': 'no-store',
    });
    response.end();
  }

  /** A Host header is whatever its client writes: it counts where the certificate says that this is us. */
  #sameHost(host: string): string | undefined {
    const [, v6, name = v6] = HOST.exec(host) ?? [];
    const { certificate } = this.tls;
    if (name === undefined || !certificate) return undefined;
    const ours = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
    if (ours === undefined) return undefined;
    const port = this.#securePort === 443 ? '' : `:${this.#securePort}`;
    return `https://${v6 === undefined ? name : `[${v6}]`}${port}`;
  }
}
