import { isUtf8 } from 'node:buffer';
import { GatehouseError, InvalidInput } from '#errors';
import { scanJson } from './scan-json.ts';
import { inspectValue } from './inspect-value.ts';

export interface ParseOptions {
  /**
   * How many objects and arrays may lie in each other; 10 unless told. A door whose messages wrap the input says how
   * much its wrapping adds (JSON-RPC: 2, so that `params.arguments` has all of the 10).
   */
  depth?: number;
}

/**
 * The JSON value in the bytes, parsed once for the whole call. It is I-JSON (RFC 7493): well-formed Unicode, no key
 * twice in one object, only numbers that come out as they were written; and bounded in depth and in values.
 * The size of the bytes is the door's to bound.
 *
 * Throws MALFORMED_JSON for what is no JSON, DANGEROUS_INPUT for a key that could reach a prototype, INVALID_INPUT for
 * the rest. No message holds a piece of the input, or its place in it.
 */
export function parseJson(bytes: Buffer | string, { depth = 10 }: ParseOptions = {}): unknown {
  if (typeof bytes !== 'string') return parseBytes(bytes, depth);
  if (!bytes.isWellFormed())
    throw new InvalidInput('The text is not well-formed Unicode: it holds half a character');
  return parseBytes(Buffer.from(bytes), depth);
}

function parseBytes(bytes: Buffer, depth: number): unknown {
  if (!isUtf8(bytes)) throw new GatehouseError('MALFORMED_JSON', 'The body is not JSON: it is not UTF-8');
  // Before the parser: 1 MiB of brackets or zeros must not become a million objects.
  const found = scanJson(bytes, depth);
  const value = parsed(bytes.toString('utf8'));
  inspectValue(value, found);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own message quotes the text, so it isn't even kept as the cause.
    throw new GatehouseError('MALFORMED_JSON', 'The body is not well-formed JSON');
  }
}
