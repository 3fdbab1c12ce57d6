import * as cv from 'class-validator';
import type { JsonSchema } from './json-schema.ts';
import { ipPattern, literally, urlSchema, uuidPattern } from './text-patterns.ts';

/** Makes the schema of one constraint from the arguments of its decorator; a text says why there is none. */
type Form = (constraints: readonly unknown[]) => JsonSchema | string;

const text = (keywords: JsonSchema = {}): Form => only({ type: 'string', ...keywords });
const pattern = (source: string): Form => text({ pattern: source });
const formatted = (format: string): Form => withoutOptions({ type: 'string', format });

/**
 * The JSON Schema of each class-validator decorator that has one. Each accepts what class-validator accepts, or less
 * where the standard is stricter (dates, URLs); never more. docs/decisions/validation.md has the table.
 */
export const constraintSchemas: Readonly<Record<string, Form>> = {
  [cv.IS_STRING]: text(),
  [cv.IS_BOOLEAN]: only({ type: 'boolean' }),
  [cv.IS_INT]: only({ type: 'integer' }),
  [cv.IS_NUMBER]: ([options]) =>
    Number.isInteger((options as cv.IsNumberOptions | undefined)?.maxDecimalPlaces)
      ? 'maxDecimalPlaces has no exact form: use multipleOf'
      : { type: 'number' },
  [cv.IS_ARRAY]: only({ type: 'array' }),
  [cv.IS_OBJECT]: only({ type: 'object' }),
  [cv.IS_NOT_EMPTY_OBJECT]: withoutOptions({ type: 'object', minProperties: 1 }),

  [cv.IS_DEFINED]: only({ not: { type: 'null' } }),
  [cv.IS_NOT_EMPTY]: only({ not: { type: 'null' }, minLength: 1 }),
  [cv.EQUALS]: ([value]) => valuesSchema([value]),
  [cv.NOT_EQUALS]: ([value]) => ({ not: { enum: [value] } }),
  [cv.IS_IN]: ([values]) => valuesSchema(values as readonly unknown[]),
  [cv.IS_NOT_IN]: ([values]) => ({ not: { enum: values as readonly unknown[] } }),
  [cv.IS_ENUM]: ([entity]) => valuesSchema(enumValues(entity as Record<string, unknown>)),

  [cv.MIN]: ([minimum]) => ({ type: 'number', minimum }),
  [cv.MAX]: ([maximum]) => ({ type: 'number', maximum }),
  [cv.IS_POSITIVE]: only({ type: 'number', exclusiveMinimum: 0 }),
  [cv.IS_NEGATIVE]: only({ type: 'number', exclusiveMaximum: 0 }),
  [cv.IS_DIVISIBLE_BY]: ([divisor]) =>
    Number.isInteger(divisor)
      ? { type: 'number', multipleOf: divisor }
      : 'class-validator cuts the divisor to a whole number',

  [cv.IS_LENGTH]: ([min, max]) => ({
    type: 'string',
    ...(typeof min === 'number' && { minLength: min }),
    ...(typeof max === 'number' && { maxLength: max }),
  }),
  [cv.MIN_LENGTH]: ([minLength]) => ({ type: 'string', minLength }),
  [cv.MAX_LENGTH]: ([maxLength]) => ({ type: 'string', maxLength }),
  [cv.MATCHES]: ([expression, modifiers]) =>
    patternSchema(expression as RegExp | string, modifiers as string | undefined),
  [cv.CONTAINS]: ([seed]) => ({ type: 'string', pattern: literally(seed as string) }),
  [cv.NOT_CONTAINS]: ([seed]) => ({ type: 'string', not: { pattern: literally(seed as string) } }),
  [cv.IS_ALPHA]: withoutOptions({ type: 'string', pattern: '^[A-Za-z]+$' }),
  [cv.IS_ALPHANUMERIC]: withoutOptions({ type: 'string', pattern: '^[0-9A-Za-z]+$' }),
  [cv.IS_ASCII]: pattern('^[\\x00-\\x7F]+$'),
  [cv.IS_HEXADECIMAL]: pattern('^(?:0[xXhH])?[0-9A-Fa-f]+$'),
  [cv.IS_NUMBER_STRING]: withoutOptions({ type: 'string', pattern: '^[+-]?(?:[0-9]*[.])?[0-9]+$' }),
  [cv.IS_BOOLEAN_STRING]: text({ enum: ['true', 'false', '1', '0'] }),
  [cv.IS_MILITARY_TIME]: pattern('^(?:[01][0-9]|2[0-3]):?[0-5][0-9]$'),

  [cv.IS_EMAIL]: formatted('email'),
  [cv.IS_FQDN]: formatted('hostname'),
  [cv.IS_RFC_3339]: formatted('date-time'),
  [cv.IS_ISO8601]: only({ type: 'string', anyOf: [{ format: 'date-time' }, { format: 'date' }] }),
  [cv.IS_DATE_STRING]: only({ type: 'string', anyOf: [{ format: 'date-time' }, { format: 'date' }] }),
  [cv.IS_UUID]: ([version]) => uuidPattern(version as number | string | undefined),
  [cv.IS_IP]: ([version]) => ipPattern(version as number | string | undefined),
  [cv.IS_URL]: ([options]) => urlSchema((options ?? {}) as Record<string, unknown>),

  [cv.ARRAY_MIN_SIZE]: ([minItems]) => ({ type: 'array', minItems }),
  [cv.ARRAY_MAX_SIZE]: ([maxItems]) => ({ type: 'array', maxItems }),
  [cv.ARRAY_NOT_EMPTY]: only({ type: 'array', minItems: 1 }),
  [cv.ARRAY_UNIQUE]: withoutOptions({ type: 'array', uniqueItems: true }),
};

function only(schema: JsonSchema): Form {
  return () => schema;
}

function withoutOptions(schema: JsonSchema): Form {
  return (constraints) =>
    constraints.every((option) => option === undefined || isEmptyObject(option))
      ? schema
      : 'its options have no form';
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function valuesSchema(values: readonly unknown[]): JsonSchema | string {
  const types = [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))];
  if (types.some((type) => !['string', 'number', 'boolean', 'null'].includes(type))) {
    return 'its values must be texts, numbers, booleans or null';
  }
  return { type: types.length === 1 ? (types[0] as string) : types, enum: [...values] };
}

/** TypeScript maps the values of a numeric enum back to their names: these names are no values of it. */
function enumValues(entity: Record<string, unknown>): unknown[] {
  return Object.entries(entity)
    .filter(([name]) => !/^-?\d+$/.test(name))
    .map(([, value]) => value);
}

function patternSchema(expression: RegExp | string, modifiers: string | undefined): JsonSchema | string {
  const [source, flags] =
    typeof expression === 'string' ? [expression, modifiers ?? ''] : [expression.source, expression.flags];
  return flags === '' || flags === 'u'
    ? { type: 'string', pattern: source }
    : `a pattern in JSON Schema has no flags, so not /${flags}: write [Aa] for a letter of either case`;
}
