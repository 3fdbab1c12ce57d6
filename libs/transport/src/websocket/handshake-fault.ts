import type { IncomingMessage } from 'node:http';
import { GatehouseError } from '#errors';

/** 16 bytes in Base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const VERSIONS = new Set(['13', '8']);

/** Throws INVALID_REQUEST for a request that can't become a WebSocket (RFC 6455, section 4.2.1), before it is on record as one. */
export function requireHandshake({ method, headers }: IncomingMessage): void {
  const isWhole =
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    KEY.test(headers['sec-websocket-key'] ?? '') &&
    VERSIONS.has(headers['sec-websocket-version'] ?? '');
  if (!isWhole) throw new GatehouseError('INVALID_REQUEST', 'That is no WebSocket handshake of version 13');
}
