import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { GatehouseError, type ErrorCode } from '#errors';
import { parseJson, type ParseOptions } from './parse-json.ts';

function codeOf(input: Buffer | string, options?: ParseOptions): ErrorCode | 'fine' {
  try {
    parseJson(input, options);
    return 'fine';
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return error.code;
  }
}

/** RFC 7493 (I-JSON) 2.2: whole numbers beyond 2^53 - 1 are not kept exactly. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact);
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const message = (levels: number): string => `{"params":{"arguments":${nested(levels)}}}`;

describe('parseJson', () => {
  it('gives what JSON.parse gives for I-JSON, from bytes and from text', () => {
    const ours = fc
      .jsonValue({ maxDepth: 6 })
      .filter((value) => !/"(?:__proto__|constructor|prototype)":/.test(JSON.stringify(value)))
      .filter(isExact);
    fc.assert(
      fc.property(ours, (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, Buffer | string, ErrorCode]>([
    ['nothing', '', 'MALFORMED_JSON'],
    ['a body cut in the middle', '{"messages":[{"text":"Hel', 'MALFORMED_JSON'],
    ['a comma too many', '[1,]', 'MALFORMED_JSON'],
    ['two values', '{} {}', 'MALFORMED_JSON'],
    ['NaN', '[NaN]', 'MALFORMED_JSON'],
    ['a byte order mark', '\ufeff{}', 'MALFORMED_JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'MALFORMED_JSON'],
    ['half a character in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'MALFORMED_JSON'],
    ['half a character, escaped', '{"a":"\\ud800"}', 'INVALID_INPUT'],
    ['half a character in a key', '{"\\udc00":1}', 'INVALID_INPUT'],
    ['half a character in a text', '"\ud800"', 'INVALID_INPUT'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'DANGEROUS_INPUT'],
    ['__proto__, escaped', '{"\\u005f_proto__":1}', 'DANGEROUS_INPUT'],
    ['constructor, deep', '{"a":[{"b":{"constructor":{"prototype":1}}}]}', 'DANGEROUS_INPUT'],
    ['prototype', '{"prototype":null}', 'DANGEROUS_INPUT'],
    ['a key that stands twice', '{"tool":"read","tool":"delete"}', 'INVALID_INPUT'],
    ['a key that stands twice, once escaped', '{"tool":"read","\\u0074ool":"delete"}', 'INVALID_INPUT'],
    ['a key that stands twice, deep', '[{"a":{"b":1,"c":":","b":{}}}]', 'INVALID_INPUT'],
    ['a number beyond all bounds', '{"n":1e999}', 'INVALID_INPUT'],
    ['a whole number that would be rounded', '{"id":12345678901234567890}', 'INVALID_INPUT'],
    ['the first whole number that is not kept exactly', '[{"":-9007199254740992}]', 'INVALID_INPUT'],
    ['eleven levels', nested(11), 'INVALID_INPUT'],
    ['ten thousand levels', nested(10_000), 'INVALID_INPUT'],
    ['ten thousand levels of objects', '{"a":'.repeat(10_000), 'INVALID_INPUT'],
    ['1 MiB of brackets', '['.repeat(1 << 20), 'INVALID_INPUT'],
    ['1 MiB of zeros', `[${'0,'.repeat((1 << 19) - 2)}0]`, 'INVALID_INPUT'],
    ['1 MiB of objects', `[${'{},'.repeat(300_000)}{}]`, 'INVALID_INPUT'],
  ])('refuses %s', (_, input, code) => {
    expect(processorTime(() => expect(codeOf(input)).toBe(code))).toBeLessThan(500);
  });

  it.each([
    '{"a":"__proto__"}',
    '{"proto":"constructor"}',
    '{"a":":,[{\\"","b":"\\\\"}',
    '"\\ud83d\\ude00"',
    '9007199254740991',
    '[{"":-9007199254740991}]',
    '-1.5e-7',
    nested(10),
  ])('takes %s', (text) => expect(parseJson(text)).toEqual(JSON.parse(text)));

  it('gives the wrapping of a message its own levels', () => {
    expect(codeOf(message(10), { depth: 12 })).toBe('fine');
    expect(codeOf(message(11), { depth: 12 })).toBe('INVALID_INPUT');
  });

  it('answers any bytes with a value or an error of ours that quotes nothing', () => {
    const damaged = fc.tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
      const bytes = Buffer.from(text);
      bytes[at % Math.max(bytes.length, 1)] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          damaged,
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          expect(codeOf(bytes)).toBeTypeOf('string');
        },
      ),
      { numRuns: 2_000 },
    );
    expect(() => parseJson('{"password": hunter2}')).toThrow(/^(?!.*hunter).*$/);
  });
});
