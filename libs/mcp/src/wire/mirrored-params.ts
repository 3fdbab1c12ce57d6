import type { JsonSchema } from '#validation';
import { HeaderMismatch, type HeaderReader, decodedHeader } from './mirrored-headers.ts';
import { isRecord } from './message.ts';

/** A parameter of a tool that a client repeats in a header. */
export interface MirroredParam {
  /** Name of the header, in lower case. */
  readonly header: string;
  /** Names of the properties that lead to the value, from the root of the arguments. */
  readonly path: readonly string[];
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PRIMITIVE = new Set(['string', 'integer', 'boolean']);
const KEYWORD = 'x-mcp-header';

/**
 * The parameters of an input that clients repeat in headers (MCP 2026-07-28, "Custom Headers from Tool Parameters").
 * Throws an Error that says what is wrong with an annotation: clients would hide the tool.
 */
export function mirroredParams(schema: JsonSchema): MirroredParam[] {
  const found = [...annotated(schema, [])];
  const written = JSON.stringify(schema).split(`"${KEYWORD}":`).length - 1;
  if (written > found.length) throw new Error(`${KEYWORD} stands where no chain of properties leads`);
  const names = new Set(found.map(({ header }) => header));
  if (names.size < found.length) throw new Error(`two parameters share one ${KEYWORD}`);
  return found;
}

function* annotated(schema: JsonSchema, path: readonly string[]): Iterable<MirroredParam> {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const here = [...path, name];
    const suffix = property[KEYWORD];
    if (suffix !== undefined) {
      if (typeof suffix !== 'string' || !TOKEN.test(suffix))
        throw new Error(`${KEYWORD} of ${here.join('.')} is no name of a header`);
      const types = [property.type].flat().filter((type) => type !== 'null');
      if (types.length !== 1 || !PRIMITIVE.has(String(types[0])))
        throw new Error(`${KEYWORD} of ${here.join('.')} must stand on a string, an integer or a boolean`);
      yield { header: `mcp-param-${suffix.toLowerCase()}`, path: here };
    }
    yield* annotated(property, here);
  }
}

/** Holds the headers against the arguments as they came; undefined where all agree. */
export function mirrorFault(
  mirrored: readonly MirroredParam[],
  args: unknown,
  header: HeaderReader,
): HeaderMismatch | undefined {
  for (const { header: name, path } of mirrored) {
    const value = path.reduce((inner, key) => (isRecord(inner) ? inner[key] : undefined), args);
    const sent = header(name);
    if (value === undefined || value === null) {
      if (sent !== undefined) return new HeaderMismatch(name, 'the body has no such argument');
    } else if (sent === undefined) return new HeaderMismatch(name, 'it is missing');
    else if (!says(decodedHeader(sent), value)) return new HeaderMismatch(name, `another ${path.join('.')}`);
  }
  return undefined;
}

/** Integers are compared as numbers: 42.0 is 42. */
function says(text: string | undefined, value: unknown): boolean {
  if (text === undefined) return false;
  return typeof value === 'number' ? text.trim() !== '' && Number(text) === value : text === String(value);
}
