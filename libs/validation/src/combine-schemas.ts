import type { JsonSchema } from './json-schema.ts';

type Rule = (a: never, b: never) => unknown;
const larger: Rule = (a: number, b: number) => Math.max(a, b);
const smaller: Rule = (a: number, b: number) => Math.min(a, b);
const common: Rule = (a: readonly unknown[], b: readonly unknown[]) => a.filter((value) => b.includes(value));
const joined: Rule = (a: readonly unknown[], b: readonly unknown[]) => [...new Set([...a, ...b])];

/** What two schemas that both hold say together, keyword by keyword, where one keyword can say it. */
const rules: Readonly<Record<string, Rule>> = {
  type: commonType,
  enum: common,
  required: joined,
  allOf: joined,
  items: combine,
  minimum: larger,
  exclusiveMinimum: larger,
  minLength: larger,
  minItems: larger,
  minProperties: larger,
  maximum: smaller,
  exclusiveMaximum: smaller,
  maxLength: smaller,
  maxItems: smaller,
  maxProperties: smaller,
};

/** Keywords that say nothing of what is valid: the second schema's word is the better one. */
export const annotations: ReadonlySet<string> = new Set([
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$comment',
]);

/** The schema of what fits both. Two words on one keyword that don't merge stand side by side in `allOf`. */
export function combine(a: JsonSchema, b: JsonSchema): JsonSchema {
  const result: Record<string, unknown> = { ...a };
  const beside: JsonSchema[] = [];
  for (const [keyword, value] of Object.entries(b)) {
    const rule = rules[keyword];
    const present = result[keyword];
    if (present === undefined || annotations.has(keyword) || same(present, value)) result[keyword] = value;
    else if (rule) result[keyword] = rule(present as never, value as never);
    else beside.push({ [keyword]: value });
  }
  if (beside.length > 0)
    result['allOf'] = [...((result['allOf'] as JsonSchema[] | undefined) ?? []), ...beside];
  return result;
}

/** The schema, and null beside it. */
export function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values, not, ...rest } = schema;
  const simple = typeof type === 'string' && !('$ref' in rest || 'oneOf' in rest || 'allOf' in rest);
  if (!simple || !(schema.anyOf ?? []).every(isFormat)) return { anyOf: [schema, { type: 'null' }] };
  return {
    type: [type, 'null'],
    ...(values && { enum: [...values, null] }),
    ...(not && { not }),
    ...rest,
  };
}

/** A format is a word on texts, and nothing to null. */
function isFormat(schema: JsonSchema): boolean {
  return Object.keys(schema).join() === 'format';
}

/** `[]` is the type of nothing: two types that have no value in common. */
function commonType(
  a: string | readonly string[],
  b: string | readonly string[],
): string | readonly string[] {
  const [left, right] = [a, b].map((type) => [type].flat()) as [string[], string[]];
  const narrower = left
    .flatMap((type) => right.map((other) => (type === other ? type : integerOf(type, other))))
    .filter((type) => type !== undefined);
  return narrower.length === 1 ? (narrower[0] as string) : narrower;
}

function integerOf(a: string, b: string): string | undefined {
  return (a === 'integer' && b === 'number') || (a === 'number' && b === 'integer') ? 'integer' : undefined;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
