import type { JsonSchema } from './json-schema.ts';

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The input of a call whose values came in a URL, where all are texts: a text that writes a number or a boolean becomes
 * it where the schema wants one, and a single value becomes a list of one where it wants a list (a key that is
 * repeated comes as a list already). What is anything else stays, for the schema to refuse. The input itself is left as it is.
 */
export function coerceTexts(input: unknown, { properties = {} }: JsonSchema): unknown {
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, coerced(value, properties[name])]),
  );
}

function coerced(value: unknown, schema: JsonSchema | undefined): unknown {
  const types = new Set([schema?.type].flat());
  if (types.has('array')) return [value].flat().map((item) => coerced(item, schema?.items));
  if (typeof value !== 'string') return value;
  if ((types.has('integer') || types.has('number')) && NUMBER.test(value)) return Number(value);
  if (types.has('boolean') && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
