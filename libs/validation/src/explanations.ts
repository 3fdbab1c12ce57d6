import type { ErrorObject } from 'ajv/dist/2020.js';
import type { JsonSchema } from './json-schema.ts';

const MOST_NAMES = 20;
const LONGEST_PATTERN = 100;

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  null: 'null',
};
const formats: Readonly<Record<string, string>> = {
  date: 'a date (2026-01-31)',
  'date-time': 'a date and time of RFC 3339 (2026-01-31T12:00:00Z)',
  email: 'an email address',
  hostname: 'a host name',
  uri: 'a URL with its scheme (https://example.com)',
  uuid: 'a UUID',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
};

/** What ajv says beside a failure; each keyword has its own of these. */
interface Params {
  readonly type: string | string[];
  readonly allowedValues: readonly unknown[];
  readonly allowedValue: unknown;
  readonly format: string;
  readonly pattern: string;
  readonly limit: number;
  readonly multipleOf: number;
}
type Explain = (params: Params, parent: JsonSchema) => string;

/** What each keyword asks for, in words: made of the schema alone, never of the value that missed it. */
const explanations: Readonly<Record<string, Explain>> = {
  required: () => 'is required',
  type: ({ type }) =>
    `must be ${[type]
      .flat()
      .map((one) => types[one])
      .join(' or ')}`,
  additionalProperties: (_, { properties = {} }) =>
    `is not known here; known are: ${names(Object.keys(properties))}`,
  enum: ({ allowedValues }) => `must be one of: ${names(allowedValues.map(written))}`,
  const: ({ allowedValue }) => `must be ${written(allowedValue)}`,
  not: (_, { not }) => (not?.enum ? `must not be one of: ${names(not.enum.map(written))}` : 'is not allowed'),
  format: ({ format }) => `must be ${formats[format]}`,
  pattern: ({ pattern }, { format }) => (format ? `must be ${formats[format]}` : matching(pattern)),
  minLength: ({ limit }) => `must have at least ${count(limit, 'character')}`,
  maxLength: ({ limit }) => `must have at most ${count(limit, 'character')}`,
  minItems: ({ limit }) => `must have at least ${count(limit, 'item')}`,
  maxItems: ({ limit }) => `must have at most ${count(limit, 'item')}`,
  minProperties: ({ limit }) => `must have at least ${count(limit, 'property', 'properties')}`,
  maxProperties: ({ limit }) => `must have at most ${count(limit, 'property', 'properties')}`,
  propertyNames: () => 'has a name that is too long',
  minimum: ({ limit }) => `must be ${limit} or more`,
  maximum: ({ limit }) => `must be ${limit} or less`,
  exclusiveMinimum: ({ limit }) => `must be more than ${limit}`,
  exclusiveMaximum: ({ limit }) => `must be less than ${limit}`,
  multipleOf: ({ multipleOf }) => `must be a multiple of ${multipleOf}`,
  uniqueItems: () => 'must not hold an item twice',
};

/** What is allowed where the value missed it: `must be a whole number`. */
export function explain({ keyword, params, parentSchema }: ErrorObject): string {
  return explanations[keyword]?.(params as Params, parentSchema as JsonSchema) ?? 'does not fit the schema';
}

function matching(pattern: string): string {
  return pattern.length > LONGEST_PATTERN
    ? 'must match the pattern of the schema'
    : `must match the pattern ${pattern}`;
}

function written(value: unknown): string {
  return JSON.stringify(value);
}

function names(all: readonly string[]): string {
  if (all.length === 0) return 'none';
  return all.length > MOST_NAMES ? `${all.slice(0, MOST_NAMES).join(', ')}, …` : all.join(', ');
}

function count(limit: number, one: string, many = `${one}s`): string {
  return `${limit} ${limit === 1 ? one : many}`;
}
