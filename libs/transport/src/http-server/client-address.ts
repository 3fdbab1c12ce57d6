import { isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';

/** Some proxies write the port too: `192.0.2.7:51234`, `[2001:db8::1]:51234`. */
const WITH_PORT = /^(?:([\d.]+):\d{1,5}|\[([\da-f:.]+)\](?::\d{1,5})?)$/i;

/**
 * Behind a trusted proxy, the last of X-Forwarded-For that is no trusted proxy itself; everywhere else the other end of the
 * connection. What is no address in that header is nobody's: then it is the proxy that calls. A connection that has ended
 * by now has no address any more.
 */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const told = ip as string | undefined;
  if (told !== undefined) {
    if (isIP(told) !== 0) return told;
    const [, v4, v6] = WITH_PORT.exec(told) ?? [];
    const address = v4 ?? v6 ?? '';
    if (isIP(address) !== 0) return address;
  }
  return socket.remoteAddress ?? 'unknown';
}

/** The same of a request that Fastify does not see: the last of X-Forwarded-For that is no trusted proxy itself. */
export function upgradeAddress(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  isTrusted: (address: string) => boolean,
): string {
  const forwarded = headers['x-forwarded-for'];
  const hops = forwarded === undefined ? [] : String(forwarded).split(',');
  let ip = socket.remoteAddress ?? 'unknown';
  while (hops.length > 0 && isTrusted(ip)) ip = hops.pop()!.trim();
  return clientAddress({ ip, socket });
}
