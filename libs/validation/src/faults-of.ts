import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Fault } from '#errors';
import type { JsonSchema } from './json-schema.ts';

/** More would teach nobody anything. */
const MOST_FAULTS = 10;
const MOST_NAMES = 20;
const LONGEST_NAME = 64;

type Explain = (error: ErrorObject) => string;

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  null: 'null',
};

/** What each keyword asks for, in words, without the value that missed it. */
const explanations: Readonly<Record<string, Explain>> = {
  required: () => 'is required',
  type: ({ params }) =>
    `must be ${listed([params['type']].flat().map((type) => kinds[type as string] ?? ''))}`,
  additionalProperties: ({ parentSchema }) =>
    `is not known here; known are: ${names(Object.keys((parentSchema as JsonSchema)?.properties ?? {}))}`,
  enum: ({ params }) => `must be one of: ${names((params['allowedValues'] as unknown[]).map(written))}`,
  const: ({ params }) => `must be ${written(params['allowedValue'])}`,
  pattern: ({ params }) => `must match the pattern ${params['pattern']}`,
  format: ({ params }) => `must be a text of the format ${params['format']}`,
  minLength: ({ params }) => `must have at least ${count(params['limit'], 'character')}`,
  maxLength: ({ params }) => `must have at most ${count(params['limit'], 'character')}`,
  minItems: ({ params }) => `must have at least ${count(params['limit'], 'item')}`,
  maxItems: ({ params }) => `must have at most ${count(params['limit'], 'item')}`,
  minProperties: ({ params }) => `must have at least ${count(params['limit'], 'property', 'properties')}`,
  maxProperties: ({ params }) =>
    params['limit'] === 0
      ? 'must be empty'
      : `must have at most ${count(params['limit'], 'property', 'properties')}`,
  minimum: ({ params }) => `must be ${params['limit']} or more`,
  maximum: ({ params }) => `must be ${params['limit']} or less`,
  exclusiveMinimum: ({ params }) => `must be more than ${params['limit']}`,
  exclusiveMaximum: ({ params }) => `must be less than ${params['limit']}`,
  multipleOf: ({ params }) => `must be a multiple of ${params['multipleOf']}`,
  uniqueItems: () => 'must not hold an item twice',
  propertyNames: () => 'has a name that is too long',
};

/** What is wrong with an input and what is allowed, for its sender. Nothing of a value, and only a bounded piece of a name. */
export function faultsOf(errors: readonly ErrorObject[]): Fault[] {
  const faults = errors
    .filter((error) => !errors.some((other) => isBranchOf(error, other)))
    .map((error) => ({ path: pathOf(error), message: messageOf(error, errors) }));
  return faults.slice(0, MOST_FAULTS);
}

function messageOf(error: ErrorObject, errors: readonly ErrorObject[]): string {
  const branches = errors.filter((other) => isBranchOf(other, error));
  if (branches.length > 0) {
    return [...new Set(branches.slice(0, MOST_FAULTS).map((branch) => sentence(branch, error)))].join(
      ', or ',
    );
  }
  return explanations[error.keyword]?.(error) ?? 'does not fit the schema';
}

/** A branch of `anyOf` may be about a property of the value that the whole is about. */
function sentence(branch: ErrorObject, whole: ErrorObject): string {
  const inner = pathOf(branch).slice(whole.instancePath.length + 1);
  const message = explanations[branch.keyword]?.(branch) ?? 'does not fit the schema';
  return inner === '' ? message : `${inner} ${message}`;
}

/** `anyOf`, `oneOf` and `propertyNames` report their own failure beside the ones of what they hold. */
function isBranchOf(error: ErrorObject, whole: ErrorObject): boolean {
  return error !== whole && error.schemaPath.startsWith(`${whole.schemaPath}/`);
}

function pathOf({ instancePath, keyword, params }: ErrorObject): string {
  const name = keyword === 'required' ? params['missingProperty'] : params['additionalProperty'];
  const path = name === undefined ? instancePath : `${instancePath}/${pointerToken(String(name))}`;
  return path.split('/').map(printable).join('/');
}

/** RFC 6901, section 3. */
function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The names in a path may be a stranger's: short, and nothing that a log or a terminal would act upon. */
function printable(name: string): string {
  const clean = name.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
  return clean.length > LONGEST_NAME ? `${clean.slice(0, LONGEST_NAME).toWellFormed()}…` : clean;
}

function written(value: unknown): string {
  return JSON.stringify(value);
}

function names(all: readonly string[]): string {
  if (all.length === 0) return 'none';
  return all.length > MOST_NAMES ? `${all.slice(0, MOST_NAMES).join(', ')}, …` : all.join(', ');
}

function listed(all: readonly string[]): string {
  return all.join(' or ');
}

function count(limit: unknown, one: string, many = `${one}s`): string {
  return `${String(limit)} ${limit === 1 ? one : many}`;
}
