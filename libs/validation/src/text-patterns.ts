import type { JsonSchema } from './json-schema.ts';

/** A pattern that matches the text itself. */
export function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

const HEX = '[0-9a-fA-F]';
const EITHER_NIL_OR_MAX = '0{8}-(?:0{4}-){3}0{12}|[fF]{8}-(?:[fF]{4}-){3}[fF]{12}';

/** RFC 9562, section 4: without a version any of them, and the nil and the max UUID. */
export function uuidPattern(version: number | string = 'all'): JsonSchema | string {
  const digit = version === 'all' ? '[1-8]' : `${version}`;
  if (!/^(?:[1-8]|\[1-8\])$/.test(digit)) return 'only the versions 1 to 8 and "all" have a form';
  const uuid = `${HEX}{8}-${HEX}{4}-${digit}${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`;
  return {
    type: 'string',
    format: 'uuid',
    pattern: digit.length === 1 ? `^${uuid}$` : `^(?:${uuid}|${EITHER_NIL_OR_MAX})$`,
  };
}

/** An address of one version of IP, or of either. */
export function ipPattern(version: number | string | undefined): JsonSchema {
  return version === undefined
    ? { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }
    : { type: 'string', format: `ipv${version}` };
}

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const TOP_LEVEL = '(?:[A-Za-z]{2,63}|[xX][nN]--[A-Za-z0-9]{2,59})';
const LOCAL_NAME = '[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const PORT = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/**
 * A URL of RFC 3986 with its scheme, a host, and no user name or password in it, which class-validator would let pass
 * and which is a secret in the wrong place.
 */
export function urlSchema(options: Record<string, unknown>): JsonSchema | string {
  const {
    protocols = ['http', 'https', 'ftp'],
    require_tld: dotted = true,
    require_protocol: _,
    ...others
  } = options;
  if (Object.keys(others).length > 0)
    return 'of its options only protocols, require_tld and require_protocol have a form';
  const schemes = (protocols as readonly string[]).map(literally).join('|');
  const host = dotted
    ? `(?:${LABEL}\\.)+${TOP_LEVEL}`
    : `(?:(?:${LABEL}\\.)*${LOCAL_NAME}|(?:${OCTET}\\.){3}${OCTET})`;
  return {
    type: 'string',
    format: 'uri',
    maxLength: 2_083,
    pattern: `^(?:${schemes})://${host}(?::${PORT})?(?:[/?#]|$)`,
  };
}
