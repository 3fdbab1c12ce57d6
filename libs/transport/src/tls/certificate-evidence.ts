import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { AddressList } from '#blocking';
import type { ClientCertificate } from '#call';
import type { HttpSettings } from '../http-server/server-bounds.ts';
import { certificateOf } from './certificate-of.ts';
import { forwardedCertificate } from './forwarded-certificate.ts';
import type { TlsSettings } from './tls-material.ts';

const HEADER = 'x-forwarded-client-cert';

/** What a door may say of the certificate of its client: what TLS has proven here, or at a proxy that is trusted. */
export class CertificateEvidence {
  readonly #enabled: boolean;
  /** Whose word is taken; undefined where nobody's is. */
  readonly #proxies: AddressList | undefined;

  constructor(
    { clientCertificates, forwarded }: Pick<TlsSettings, 'clientCertificates' | 'forwarded'>,
    { trustedProxies }: Pick<HttpSettings, 'trustedProxies'>,
  ) {
    this.#enabled = clientCertificates;
    this.#proxies = forwarded ? new AddressList().add(trustedProxies) : undefined;
  }

  /** Of a connection that carries no headers. */
  ofSocket(socket: Socket): ClientCertificate | undefined {
    return this.#enabled ? certificateOf(socket) : undefined;
  }

  /**
   * Of an HTTP request. What a proxy shows on its own connection is the proxy's, and nobody's who calls through it. A header
   * that comes from anywhere else is not looked at.
   */
  ofRequest(socket: Socket, headers: IncomingHttpHeaders): ClientCertificate | undefined {
    if (!this.#enabled || isOfAnotherSite(headers)) return undefined;
    if (!this.#proxies?.has(socket.remoteAddress ?? '')) return certificateOf(socket);
    const header = headers[HEADER];
    return typeof header === 'string' && header !== '' ? forwardedCertificate(header) : undefined;
  }
}

/**
 * A browser shows a certificate to whatever page makes it call. Where the page has to name its Origin, that is checked
 * at the door; a GET for another site's image or link names none, but says so here (W3C, "Fetch Metadata").
 */
function isOfAnotherSite({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return origin === undefined && (site === 'cross-site' || site === 'same-site');
}
