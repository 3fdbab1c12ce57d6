import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import * as cv from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SchemaCompiler } from './schema-compiler.ts';
import { schemaOf } from './schema-of.ts';

enum Colour {
  Red = 'red',
  Blue = 'blue',
}
enum Level {
  Low,
  High,
}

type Decorators = PropertyDecorator[];
type Row = [name: string, decorators: Decorators];

/** Both say yes and no to the same values. */
const alike: Row[] = [
  ['@IsString', [cv.IsString()]],
  ['@IsBoolean', [cv.IsBoolean()]],
  ['@IsInt', [cv.IsInt()]],
  ['@IsNumber', [cv.IsNumber()]],
  ['@IsArray', [cv.IsArray()]],
  ['@IsObject', [cv.IsObject()]],
  ['@IsNotEmptyObject', [cv.IsNotEmptyObject()]],
  ['@IsDefined', [cv.IsDefined()]],
  ['@IsNotEmpty', [cv.IsNotEmpty()]],
  ['@IsOptional', [cv.IsOptional()]],
  ['@Allow', [cv.Allow(), cv.IsOptional()]],
  ['@Equals', [cv.Equals('a')]],
  ['@NotEquals', [cv.IsDefined(), cv.NotEquals('a')]],
  ['@IsIn texts', [cv.IsIn(['a', 'b'])]],
  ['@IsIn numbers and texts', [cv.IsIn([1, 'a', true])]],
  ['@IsNotIn', [cv.IsDefined(), cv.IsNotIn(['a', 1])]],
  ['@IsEnum', [cv.IsEnum(Colour)]],
  ['@Min', [cv.Min(1)]],
  ['@Max', [cv.Max(10)]],
  ['@IsInt @Min @Max', [cv.IsInt(), cv.Min(1), cv.Max(10)]],
  ['@Min @IsInt (the other way round)', [cv.Min(1), cv.IsInt()]],
  ['@IsPositive', [cv.IsPositive()]],
  ['@IsNegative', [cv.IsNegative()]],
  ['@IsDivisibleBy', [cv.IsInt(), cv.IsDivisibleBy(5)]],
  ['@Length', [cv.Length(1, 5)]],
  ['@Length without a maximum', [cv.Length(2)]],
  ['@MinLength', [cv.MinLength(2)]],
  ['@MaxLength', [cv.MaxLength(5)]],
  ['@MaxLength twice', [cv.MaxLength(5), cv.MaxLength(3)]],
  ['@Length @Matches', [cv.Length(1, 5), cv.Matches(/^[a-z]+$/)]],
  ['@Matches', [cv.Matches(/^[a-z]+$/)]],
  ['@Matches twice', [cv.Matches(/^[a-z]/), cv.Matches(/[0-9]$/)]],
  ['@Matches of white space', [cv.Matches(/^\S+(?:\s\S+)*$/u)]],
  ['@Matches of any character', [cv.Matches(/^.{1,5}$/u)]],
  ['@Matches of a class', [cv.Matches(/^[\s\u00e9[\]-]+$/)]],
  ['@Contains', [cv.Contains('a.b')]],
  ['@NotContains', [cv.NotContains('a.b')]],
  ['@IsAlpha', [cv.IsAlpha()]],
  ['@IsAlphanumeric', [cv.IsAlphanumeric()]],
  ['@IsAscii', [cv.IsAscii()]],
  ['@IsHexadecimal', [cv.IsHexadecimal()]],
  ['@IsNumberString', [cv.IsNumberString()]],
  ['@IsBooleanString', [cv.IsBooleanString()]],
  ['@IsMilitaryTime', [cv.IsMilitaryTime()]],
  ['@IsUUID', [cv.IsUUID()]],
  ['@IsUUID 4', [cv.IsUUID(4)]],
  ['@IsIP 4', [cv.IsIP(4)]],
  ['@ArrayMinSize', [cv.IsArray(), cv.ArrayMinSize(2)]],
  ['@ArrayMaxSize', [cv.ArrayMaxSize(2)]],
  ['@ArrayNotEmpty', [cv.ArrayNotEmpty()]],
  ['@ArrayUnique of texts', [cv.IsArray(), cv.IsString({ each: true }), cv.ArrayUnique()]],
  ['@IsString each', [cv.IsArray(), cv.IsString({ each: true })]],
  ['@MaxLength each', [cv.IsArray(), cv.IsString({ each: true }), cv.MaxLength(3, { each: true })]],
  ['@IsInt each @ArrayMaxSize', [cv.ArrayMaxSize(2), cv.IsInt({ each: true })]],
  ['@IsOptional @IsString', [cv.IsOptional(), cv.IsString()]],
  ['@IsOptional @IsIn', [cv.IsOptional(), cv.IsIn(['a', 'b'])]],
  ['@IsOptional @IsInt @Min', [cv.IsOptional(), cv.IsInt(), cv.Min(1)]],
  ['@IsOptional @IsArray each', [cv.IsOptional(), cv.IsArray(), cv.IsString({ each: true })]],
  ['@IsOptional @IsDefined', [cv.IsOptional(), cv.IsDefined(), cv.IsString()]],
  ['@IsString @IsNotEmpty', [cv.IsString(), cv.IsNotEmpty()]],
];

/** The standard is stricter: what the schema takes, class-validator takes too. */
const narrower: Row[] = [
  ['@IsEmail', [cv.IsEmail()]],
  ['@IsFQDN', [cv.IsFQDN()]],
  ['@IsUrl', [cv.IsUrl()]],
  ['@IsUrl https', [cv.IsUrl({ protocols: ['https'], require_protocol: true })]],
  ['@IsUrl without a top-level domain', [cv.IsUrl({ require_tld: false })]],
  ['@IsISO8601', [cv.IsISO8601()]],
  ['@IsISO8601 strict', [cv.IsISO8601({ strict: true })]],
  ['@IsDateString', [cv.IsDateString()]],
  ['@IsRFC3339', [cv.IsRFC3339()]],
  ['@IsIP', [cv.IsIP()]],
  ['@IsIP 6', [cv.IsIP(6)]],
  ['@IsOptional @IsUrl', [cv.IsOptional(), cv.IsUrl()]],
  ['@IsOptional @IsISO8601', [cv.IsOptional(), cv.IsISO8601()]],
  ['@IsEnum of numbers', [cv.IsEnum(Level)]],
  ['@ArrayUnique', [cv.ArrayUnique()]],
  ['@IsString each without @IsArray', [cv.IsString({ each: true })]],
];

const words = (text: string): string[] => text.trim().split(/[ \n]+/);

const plainTexts = words(`
  a b ab abc abcd abcde abcdef A aB3 a1 1 12 1.5 -1 +1.25 .5 1. true false 0 é aé 日本 😀 😀😀😀😀😀 a.b xa.by aXb
  [ ] - [-] 0xff 0hFF ff fg 0x 12:30 24:00 1:30 1230 23:59 12:60 Low red RED`);
const oddTexts = ['', 'a b', ' a', 'a\u00a0b', 'a\nb', 'a\tb', '\u2028', '\v', '\ufeff'];
const mailTexts = words(`
  a@b.co a@b a@b.c @b.co a.b+c@d-e.org a@1.2 ${'a'.repeat(65)}@b.co é@b.co a@é.com "a"@c.com a@b..co a@-b.co`);
const urlTexts = words(`
  example.com localhost http://localhost http://example.com https://example.com:8080/a?b#c ftp://example.com
  https://example.com:0/ https://example.com:65535 https://example.com:65536 https://u:p@example.com
  javascript:alert(1) http://a_b.com http://-a.com http://a.b- http://1.2.3.4/x http://1.2.3.256/ http://1.2.3
  http://[::1]/ //example.com mailto:a@b.co HTTPS://EXAMPLE.COM https://xn--bcher-kva.example https://example.xn--p1ai
  https://example.com. https://example..com https://${'a'.repeat(64)}.com http://localhost:3000/a`);
const dateTexts = words(`
  2024-01-15 2024-02-30 2023-02-29 2024-02-29 2024-13-01 2024 2024-W03 20240115 2024-01-15T10:00:00Z
  2024-01-15T10:00:00 2024-01-15T10:00:00.123+02:00 2024-01-15T25:00:00Z 2024-01-15T23:59:60Z 2024-01-15t10:00:00z
  2024-02-30T10:00:00Z 2024-01-15T10:00:00+25:00 0000-01-01 2024-01-15T10:00Z 2024-01-15T24:00:00Z
  10000-01-01T00:00:00Z`);
const idTexts = words(`
  7c9e6679-7425-40de-944b-e07fc1f90ae7 7C9E6679-7425-40DE-944B-E07FC1F90AE7 7c9e6679-7425-10de-944b-e07fc1f90ae7
  00000000-0000-0000-0000-000000000000 ffffffff-ffff-ffff-ffff-ffffffffffff 7c9e6679-7425-90de-944b-e07fc1f90ae7
  7c9e6679-7425-40de-c44b-e07fc1f90ae7 urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7
  1.2.3.4 1.2.3.256 01.2.3.4 1.2.3 ::1 fe80::1%eth0 2001:db8::8a2e:370:7334 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:8:9
  ::ffff:1.2.3.4 :::`);
const texts = [
  plainTexts,
  oddTexts,
  mailTexts,
  urlTexts,
  dateTexts,
  ['2024-01-15 10:00:00Z', 'https://exa mple.com'],
  idTexts,
].flat();
const numbers = [0, 1, 2, 5, 10, 11, 12.5, -1, -5, 0.5, 1.5, 100, 1e9, -0];
const others = [
  null,
  true,
  false,
  {},
  { a: 1 },
  { a: null },
  [],
  ['a'],
  ['a', 'a'],
  ['a', 'b', 'c'],
  ['abcd'],
  [1],
  [1, 2],
  [1, 2, 3],
  [1.5],
  [null],
  [[]],
  [{}],
  ['a', 1],
];
const ABSENT = Symbol('absent');
const values: unknown[] = [ABSENT, ...texts, ...numbers, ...others];

const anyValue = fc.oneof(
  fc.constantFrom(...values),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.emailAddress(),
  fc.webUrl(),
  fc.ipV4(),
  fc.ipV6(),
  fc.uuid(),
  fc.domain(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
);

function dtoWith(decorators: Decorators): Type {
  class Dto {
    value!: unknown;
  }
  for (const decorate of decorators.toReversed()) decorate(Dto.prototype, 'value');
  return Dto;
}

const input = (value: unknown): object => (value === ABSENT ? {} : { value });

function judges(decorators: Decorators): {
  ours: (value: unknown) => boolean;
  theirs: (value: unknown) => boolean;
} {
  const dto = dtoWith(decorators);
  const check = new SchemaCompiler().compile(schemaOf(dto));
  return {
    ours: (value) => check(structuredClone(input(value))) === undefined,
    theirs: (value) =>
      cv.validateSync(plainToInstance(dto, input(value)) as object, {
        whitelist: true,
        forbidNonWhitelisted: true,
      }).length === 0,
  };
}

/** JSON Schema counts characters where class-validator leaves variation selectors out, and knows no keys of prototypes. */
function comparable(value: unknown): boolean {
  const text = JSON.stringify(value) ?? '';
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return false; // parseJson refuses it.
  return !/[\ufe0e\ufe0f]|__proto__|constructor|prototype|toString|valueOf/.test(text);
}

describe('the schema of a decorator', () => {
  it.each(alike)('says the same as class-validator: %s', (_, decorators) => {
    const { ours, theirs } = judges(decorators);
    const differing = values.filter((value) => ours(value) !== theirs(value));
    expect(differing).toEqual([]);
    fc.assert(
      fc.property(anyValue.filter(comparable), (value) => ours(value) === theirs(value)),
      { numRuns: 200 },
    );
  });

  it.each(narrower)('takes nothing that class-validator refuses: %s', (_, decorators) => {
    const { ours, theirs } = judges(decorators);
    const looser = values.filter((value) => ours(value) && !theirs(value));
    expect(looser).toEqual([]);
    expect(values.some(ours)).toBe(true);
    fc.assert(
      fc.property(anyValue.filter(comparable), (value) => !ours(value) || theirs(value)),
      { numRuns: 500 },
    );
  });
});
