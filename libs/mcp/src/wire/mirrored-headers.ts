import { GatehouseError } from '#errors';
import type { Message } from './message.ts';

/** Reads a header of the request, by its name in lower case. Doors that have no headers give none. */
export type HeaderReader = (name: string) => string | undefined;

/** A header of the message does not say what its body says: someone on the way may have been misled. */
export class HeaderMismatch extends GatehouseError {
  constructor(header: string, why: string) {
    super('HEADER_MISMATCH', `Header mismatch: ${header} does not match the body: ${why}`, {
      details: { header },
    });
  }
}

/** Which field of the params is repeated in Mcp-Name (MCP 2026-07-28, "Standard Request Headers"). */
const named: ReadonlyMap<string, 'name' | 'uri' | 'taskId'> = new Map<string, 'name' | 'uri' | 'taskId'>([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  // Tasks extension, "Routing Headers".
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/**
 * Holds the headers of a modern message against its body ("Server Validation"). Nothing here ever reads a header in
 * place of the body. On a notification a header may be missing. Throws HEADER_MISMATCH.
 */
export function checkMirroredHeaders({ id, method, params }: Message, header: HeaderReader): void {
  const isRequest = id !== undefined;
  const methodHeader = header('mcp-method');
  if (methodHeader !== method && (isRequest || methodHeader !== undefined)) {
    throw new HeaderMismatch('Mcp-Method', methodHeader === undefined ? 'it is missing' : 'another method');
  }
  const field = isRequest ? named.get(method) : undefined;
  const value = field && params[field];
  if (typeof value !== 'string') return;
  const nameHeader = header('mcp-name');
  if (nameHeader === undefined) throw new HeaderMismatch('Mcp-Name', 'it is missing');
  if (decodedHeader(nameHeader) !== value) throw new HeaderMismatch('Mcp-Name', `another params.${field}`);
}

const SENTINEL = /^=\?base64\?(.*)\?=$/s;

/** What is not plain ASCII comes as `=?base64?…?=` ("Value Encoding"). Undefined when that is not sound Base64. */
export function decodedHeader(value: string): string | undefined {
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded ? bytes.toString('utf8') : undefined;
}
