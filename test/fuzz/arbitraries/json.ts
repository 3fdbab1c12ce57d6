import fc, { type Arbitrary } from 'fast-check';

/** A piece of JSON text that no value stands for: a number that no double is, a key that stands twice. */
export class Raw {
  constructor(readonly text: string) {}
}

/** The JSON text of a value with such pieces in it. */
export function jsonOf(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}:${jsonOf(inner)}`).join()}}`;
}

/** Keys that mean something to JavaScript. */
const prototypeKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  'length',
];

export const text: Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  // Halves of characters too.
  fc.string({ unit: fc.nat({ max: 0xff_ff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom(
    '',
    '\ud800',
    'a\udc00b',
    '\u0000',
    '\r\n',
    '%',
    '%E0%A4%A',
    'x'.repeat(20_000),
    ...prototypeKeys,
  ),
);

const number: Arbitrary<unknown> = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc
    .constantFrom(
      '-0',
      '1.0',
      '1e3',
      '1e400',
      '-1e400',
      '9007199254740993',
      '1'.repeat(400),
      '5e-324',
      '0.1e-9',
    )
    .map((digits) => new Raw(digits)),
);

/** As deep as no message has to be. */
const deep: Arbitrary<unknown> = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}']), fc.constantFrom(5, 11, 12, 13, 100, 20_000))
  .map(([[open, close], depth]) => new Raw(`${open.repeat(depth)}1${close.repeat(depth)}`));

const twice: Arbitrary<unknown> = fc.constantFrom(
  new Raw('{"a":1,"a":2}'),
  new Raw('{"__proto__":{"admin":true}}'),
  new Raw('{"constructor":{"prototype":{}}}'),
);

const { json: anyJson } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    fc.oneof({ weight: 8, arbitrary: text }, { weight: 1, arbitrary: deep }, { weight: 1, arbitrary: twice }),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom(...prototypeKeys)), tie('json'), { maxKeys: 5 }),
  ),
}));

/** Any JSON value, and some that only a text can be. */
export const json: Arbitrary<unknown> = anyJson;
