import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { FollowOptions, TlsContexts } from '../tls/tls-contexts.ts';
import { serverOptions, type HttpSettings } from './server-bounds.ts';

/** A listener with our bounds, and with TLS where that is on. */
export function openHttpServer(
  settings: HttpSettings,
  tls: TlsContexts,
  handler: RequestListener,
  options?: FollowOptions,
): Server {
  if (!tls.enabled) return createServer(serverOptions(settings), handler);
  // HTTP/1.1 alone: no client is promised what we don't speak (RFC 7301).
  const server = createSecureServer(
    { ...serverOptions(settings), ...tls.serverOptions(['http/1.1']) },
    handler,
  );
  tls.follow(server, options);
  return server;
}
