import type { Server as NetServer, Socket } from 'node:net';
import type { Server, TLSSocket, TlsOptions } from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { ConfigError } from '#config';
import type { TurnedAwayFor } from '#connections';
import { FileWatch } from '#secrets';
import type { HttpSettings } from '../http-server/server-bounds.ts';
import { certificateOf } from './certificate-of.ts';
import { peersOf } from './peers-of.ts';
import { readMaterial, type TlsMaterial, type TlsSettings } from './tls-material.ts';
import { listenerOptions } from './tls-policy.ts';

export interface FollowOptions {
  /** Asks for client certificates, and never insists on them, whatever MTLS_REQUIRED says. */
  optional?: boolean;
}

const logger = new Logger('Tls');
const reasonOf: Readonly<Record<string, TurnedAwayFor>> = { ERR_TLS_HANDSHAKE_TIMEOUT: 'slow' };

/**
 * TLS of all listeners: one certificate, which is read again when its files change. A listener is made with
 * `serverOptions`, and from `follow` on has whatever certificate is good.
 */
export class TlsContexts {
  readonly #settings: TlsSettings;
  /** The connections of each listener, also those that have not shaken hands. */
  readonly #servers = new Map<NetServer, Set<Socket>>();
  /** Those that shake hands just now, by who they are with. */
  readonly #shaking = new Map<string, Socket>();
  /** Those that have shown a certificate, good or bad. */
  readonly #certified = new Set<TLSSocket>();
  #material: TlsMaterial | undefined;
  #refused: string | undefined;
  #watch: FileWatch | undefined;
  #renewing: Promise<void> = Promise.resolve();

  /** Told of each connection that ends because of its handshake. */
  onTurnedAway: (socket: TLSSocket, reason: TurnedAwayFor) => void = () => undefined;

  private constructor(settings: TlsSettings, material: TlsMaterial | undefined) {
    this.#settings = settings;
    this.#material = material;
  }

  /** @throws ConfigError that names each setting whose file can't be used */
  static async open(
    settings: TlsSettings,
    { trustedProxies }: Pick<HttpSettings, 'trustedProxies'>,
  ): Promise<TlsContexts> {
    const faults = contradictionsIn(settings, trustedProxies);
    const material =
      settings.enabled && faults.length === 0 ? await readMaterial(settings, faults) : undefined;
    if (faults.length > 0) throw new ConfigError(faults);
    if (material && hasExpired(material))
      logger.warn(`The certificate ${nameOf(material)} has expired: clients will refuse it`);
    return new TlsContexts(settings, material);
  }

  /** Of a program that listens nowhere. */
  static none(settings: TlsSettings): TlsContexts {
    return new TlsContexts({ ...settings, enabled: false, clientCertificates: false }, undefined);
  }

  get enabled(): boolean {
    return this.#settings.enabled;
  }

  /** The certificate that clients are shown; undefined where TLS is off. */
  get certificate(): X509Certificate | undefined {
    return this.#material?.leaf;
  }

  /** For `tls.createServer` and `https.createServer`. Without protocols there is no ALPN. */
  serverOptions(protocols: readonly string[] = []): TlsOptions {
    return {
      ...listenerOptions(this.#settings),
      ...this.#material?.context,
      ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
    };
  }

  /** From now on a listener has the certificate that is good, and MTLS_REQUIRED holds there. */
  follow(server: Server, { optional = false }: FollowOptions = {}): void {
    const sockets = new Set<Socket>();
    this.#servers.set(server, sockets);
    server.once('close', () => this.#servers.delete(server));
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    // No HTTP error for whoever speaks no TLS: nothing that is written would reach him.
    server.prependListener('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // Who goes away by himself has looked whether the port is open, as balancers do.
      if (error.code !== 'ECONNRESET') this.onTurnedAway(socket, reasonOf[error.code ?? ''] ?? 'handshake');
      socket.destroy();
    });
    if (!this.#settings.clientCertificates) return;
    server.on('connection', (socket: Socket) => this.#shake(socket));
    server.prependListener('secureConnection', (socket) => {
      this.#shaking.delete(peersOf(socket));
      const certificate = certificateOf(socket);
      if (this.#settings.required && !optional && !socket.authorized) {
        this.onTurnedAway(socket, certificate ? 'certificate' : 'uncertified');
        socket.destroy();
      } else if (certificate) this.#remember(socket);
    });
  }

  /** Ends what is still open on a listener that is being closed, handshakes included. */
  cut(server: NetServer): void {
    for (const socket of this.#servers.get(server) ?? []) socket.destroy();
  }

  /** Begins to look at the files. */
  watch(): void {
    if (!this.enabled) return;
    const { certPath, keyPath, caPath, crlPath } = this.#settings;
    const paths = [certPath, keyPath, caPath, crlPath].filter((path) => path !== undefined);
    this.#watch ??= new FileWatch(paths, () => void this.renew());
  }

  /** Reads the files again. What can't be used is told once, and changes nothing. */
  renew(): Promise<void> {
    return (this.#renewing = this.#renewing.then(() => this.#renew()));
  }

  close(): void {
    this.#watch?.close();
  }

  async #renew(): Promise<void> {
    const faults: string[] = [];
    const material = await readMaterial(this.#settings, faults);
    if (material?.revision === this.#material?.revision) {
      this.#refused = undefined;
      return;
    }
    if (material && hasExpired(material)) faults.push(`the certificate ${nameOf(material)} has expired`);
    if (!material || faults.length > 0) return this.#refuse(faults);
    const trustChanged = material.trust !== this.#material?.trust;
    this.#material = material;
    this.#refused = undefined;
    for (const server of this.#servers.keys()) (server as Server).setSecureContext(material.context);
    logger.log(`A new certificate: ${nameOf(material)}, until ${material.leaf.validToDate.toISOString()}`);
    // They were let in by what held before, or are about to be: whoever is still good comes back.
    if (trustChanged) for (const socket of [...this.#certified, ...this.#shaking.values()]) socket.destroy();
  }

  #shake(socket: Socket): void {
    const peers = peersOf(socket);
    this.#shaking.set(peers, socket);
    socket.once('close', () => {
      if (this.#shaking.get(peers) === socket) this.#shaking.delete(peers);
    });
  }

  #remember(socket: TLSSocket): void {
    this.#certified.add(socket);
    socket.once('close', () => this.#certified.delete(socket));
  }

  #refuse(faults: readonly string[]): void {
    const reason = faults.join('; ');
    if (reason === this.#refused) return;
    this.#refused = reason;
    logger.error(`The new certificate is not used, and the one before it stays: ${reason}`);
  }
}

function contradictionsIn(settings: TlsSettings, trustedProxies: readonly string[]): string[] {
  const { enabled, certPath, keyPath, redirectPort, clientCertificates, caPath, required, forwarded } =
    settings;
  return [
    enabled && !certPath && 'SSL_ENABLED=true needs SSL_CERT_PATH',
    enabled && !keyPath && 'SSL_ENABLED=true needs SSL_KEY_PATH',
    redirectPort !== 0 && !enabled && 'HTTPS_REDIRECT_PORT needs SSL_ENABLED=true',
    enabled && clientCertificates && !caPath && 'MTLS_ENABLED=true needs MTLS_CA_PATH',
    clientCertificates &&
      !enabled &&
      !forwarded &&
      'MTLS_ENABLED=true needs SSL_ENABLED=true or MTLS_FORWARDED=true',
    required &&
      !(enabled && clientCertificates) &&
      'MTLS_REQUIRED=true needs SSL_ENABLED=true and MTLS_ENABLED=true',
    forwarded && trustedProxies.length === 0 && 'MTLS_FORWARDED=true needs TRUSTED_PROXIES',
    forwarded && !clientCertificates && 'MTLS_FORWARDED=true needs MTLS_ENABLED=true',
  ].filter((fault) => fault !== false);
}

function hasExpired({ leaf }: TlsMaterial): boolean {
  return leaf.validToDate.getTime() < Date.now();
}

function nameOf({ leaf }: TlsMaterial): string {
  return leaf.subject.replaceAll('\n', ', ') || leaf.subjectAltName || leaf.serialNumber;
}
