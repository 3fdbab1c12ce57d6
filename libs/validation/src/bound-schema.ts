import type { JsonSchema } from './json-schema.ts';

/** Requirements 4: strings of 10,000 characters, arrays of 1,000 items, unless a schema says otherwise. */
const LONGEST_TEXT = 10_000;
const MOST_ITEMS = 1_000;

/** Any JSON value, bounded at every level: what stands where a class leaves the form of a value open. */
export const anyJson: JsonSchema = {
  type: ['object', 'array', 'string', 'number', 'boolean', 'null'],
  maxLength: LONGEST_TEXT,
  maxItems: MOST_ITEMS,
  items: { $ref: '#/$defs/AnyJson' },
  maxProperties: MOST_ITEMS,
  propertyNames: { maxLength: LONGEST_TEXT },
  additionalProperties: { $ref: '#/$defs/AnyJson' },
};
export const refToAnyJson: JsonSchema = { $ref: '#/$defs/AnyJson' };

const STRUCTURE = ['$ref', 'enum', 'const', 'allOf', 'anyOf', 'oneOf'];

/** The schema of a value with a bound on everything in it that has none, and with no room for unknown properties. */
export function boundValue(schema: JsonSchema): JsonSchema {
  if (schema.type === undefined && !STRUCTURE.some((keyword) => keyword in schema)) {
    return bound({ ...schema, ...refToAnyJson });
  }
  return bound(schema);
}

/** Also for a schema that is no value's whole schema, but adds to one: a branch of `anyOf`, a `not`. */
function bound(schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    ...(admits(schema, 'string') && !isListed(schema) && { maxLength: schema['maxLength'] ?? LONGEST_TEXT }),
    ...(admits(schema, 'array') && {
      maxItems: schema['maxItems'] ?? MOST_ITEMS,
      items: boundValue(schema.items ?? {}),
    }),
    ...(admits(schema, 'object') && boundObject(schema)),
    ...(schema.anyOf && { anyOf: schema.anyOf.map(bound) }),
    ...(schema.oneOf && { oneOf: schema.oneOf.map(bound) }),
    ...(schema.allOf && { allOf: schema.allOf.map(bound) }),
  };
}

function boundObject({ properties, additionalProperties }: JsonSchema): JsonSchema {
  const known = properties && {
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, boundValue(schema)]),
    ),
  };
  const open = additionalProperties ?? !properties;
  if (open === false) return { ...known, additionalProperties: false };
  return {
    ...known,
    maxProperties: MOST_ITEMS,
    propertyNames: { maxLength: LONGEST_TEXT },
    additionalProperties: open === true ? refToAnyJson : boundValue(open),
  };
}

function admits({ type }: JsonSchema, kind: string): boolean {
  return type === kind || (Array.isArray(type) && type.includes(kind));
}

/** A list of values bounds itself. */
function isListed(schema: JsonSchema): boolean {
  return 'enum' in schema || 'const' in schema;
}
