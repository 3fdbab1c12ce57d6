import type { IncomingMessage } from 'node:http';
import * as ws from 'ws';
import { GatehouseError } from '#errors';

/** Each compressor holds a quarter of a megabyte, and CRIME is easier without it (RFC 7692, section 7). */
const DEFLATE = { serverNoContextTakeover: true, clientNoContextTakeover: true };

/** What `ws` reads these headers with, once more: its types don't know of it yet. */
const { extension, subprotocol, PerMessageDeflate } = ws as unknown as Readers;

interface Readers {
  readonly extension: { parse(header: string): Readonly<Record<string, unknown>> };
  readonly subprotocol: { parse(header: string): ReadonlySet<string> };
  readonly PerMessageDeflate: new (options: object) => { accept(offers: unknown): unknown };
}

/** For `ws`: how it compresses, where it may. */
export function deflateOptions(compresses: boolean): typeof DEFLATE | false {
  return compresses && DEFLATE;
}

/**
 * Throws INVALID_REQUEST for what `ws` would refuse by an answer of its own, once the connection is on record as
 * established: lists that are none, names that come twice, parameters of a compression that there is not.
 */
export function requireNegotiable({ headers }: IncomingMessage, compresses: boolean): void {
  const protocols = headers['sec-websocket-protocol'];
  const extensions = headers['sec-websocket-extensions'];
  try {
    if (protocols !== undefined) subprotocol.parse(protocols);
    if (compresses && extensions !== undefined) {
      const { 'permessage-deflate': offers } = extension.parse(extensions);
      if (offers) new PerMessageDeflate({ ...DEFLATE, isServer: true }).accept(offers);
    }
  } catch (cause) {
    throw new GatehouseError(
      'INVALID_REQUEST',
      'What the handshake offers is not as RFC 6455 and 7692 have it',
      {
        cause,
      },
    );
  }
}
