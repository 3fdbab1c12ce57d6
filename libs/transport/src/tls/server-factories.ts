import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createNetServer, type Server as NetServer, type ServerOpts } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { FollowOptions, TlsContexts } from './tls-contexts.ts';

export type HttpServerFactory = (options: ServerOptions, handler: RequestListener) => Server;
export type NetServerFactory = (options: ServerOpts) => NetServer;

/** As `createServer` of node:http, with TLS where that is on. */
export function httpServerFactory(tls: TlsContexts, follow?: FollowOptions): HttpServerFactory {
  return (options, handler) => {
    if (!tls.enabled) return createHttpServer(options, handler);
    // HTTP/1.1 alone: no client is promised what we don't speak (RFC 7301).
    const server = createHttpsServer({ ...options, ...tls.serverOptions(['http/1.1']) }, handler);
    tls.follow(server, follow);
    return server;
  };
}

/** As `createServer` of node:net, with TLS where that is on. */
export function netServerFactory(tls: TlsContexts, follow?: FollowOptions): NetServerFactory {
  return (options) => {
    if (!tls.enabled) return createNetServer(options);
    const server = createTlsServer({ ...options, ...tls.serverOptions() });
    tls.follow(server, follow);
    return server;
  };
}
