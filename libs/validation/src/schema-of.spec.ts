import { Type } from 'class-transformer';
import * as cv from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { describe, expect, it } from 'vitest';
import { SchemaCompiler } from './schema-compiler.ts';
import { schemaOf } from './schema-of.ts';

class Message {
  @cv.Length(1, 5_000)
  @JSONSchema({ description: 'What was said' })
  text!: string;

  @cv.IsOptional()
  @cv.IsString()
  author_name?: string;
}

const tree = (leaf: object): object => ({
  trees: [{ name: 'a', children: [{ name: 'b', children: [leaf] }] }],
});

describe('schemaOf', () => {
  it('makes the schema of a class once, and nobody can change it', () => {
    const schema = schemaOf(Message);
    expect(schemaOf(Message)).toBe(schema);
    expect(() => Object.assign(schema.properties!, { more: {} })).toThrow(TypeError);
    expect(schema).toEqual({
      type: 'object',
      properties: {
        text: { type: 'string', minLength: 1, maxLength: 5_000, description: 'What was said' },
        author_name: { type: ['string', 'null'], maxLength: 10_000 },
      },
      required: ['text'],
      additionalProperties: false,
    });
  });

  it('puts nested classes inline, one or many', () => {
    class Thread {
      @cv.ValidateNested()
      @Type(() => Message)
      first!: Message;

      @cv.ValidateNested({ each: true })
      @cv.ArrayMaxSize(20)
      @Type(() => Message)
      rest!: Message[];

      @cv.IsOptional()
      @cv.ValidateNested()
      last?: Message;
    }
    const message = schemaOf(Message);
    expect(schemaOf(Thread).properties).toEqual({
      first: message,
      rest: { type: 'array', items: message, maxItems: 20 },
      last: { ...message, type: ['object', 'null'] },
    });
  });

  it('points a class that holds itself at itself', () => {
    class Node {
      @cv.IsString()
      name!: string;

      @cv.IsOptional()
      @cv.ValidateNested({ each: true })
      @Type(() => Node)
      children?: Node[];
    }
    class Forest {
      @cv.ValidateNested({ each: true })
      @Type(() => Node)
      trees!: Node[];
    }
    expect(schemaOf(Node).properties?.['children']).toMatchObject({ items: { $ref: '#' } });
    expect(schemaOf(Node)).toMatchObject({ type: 'object' });

    const check = new SchemaCompiler().compile(schemaOf(Forest));
    expect(check(tree({ name: 'c' }))).toBeUndefined();
    expect(check(tree({ name: 1 }))).toMatchObject([{ path: '/trees/0/children/0/children/0/name' }]);
  });

  it('keeps what a parent class asks for, of its properties and of the whole', () => {
    @JSONSchema({ anyOf: [{ required: ['url'] }, { required: ['text'] }] })
    class Source {
      @cv.IsOptional()
      @cv.IsString()
      url?: string;

      @cv.IsOptional()
      @cv.IsString()
      text?: string;
    }
    class Named extends Source {
      @cv.IsString()
      @cv.MaxLength(50)
      name!: string;
    }
    const check = new SchemaCompiler().compile(schemaOf(Named));
    expect(check({ name: 'n', text: 't' })).toBeUndefined();
    expect(check({ name: 'n' })).toEqual([{ path: '', message: 'url is required, or text is required' }]);
    expect(check({ text: 't' })).toEqual([{ path: '/name', message: 'is required' }]);
  });

  it('takes the initialisers of the class for defaults, which null does not replace', () => {
    class Search {
      @cv.IsOptional()
      @cv.IsInt()
      @cv.Min(1)
      top_k = 10;

      @cv.IsIn(['asc', 'desc'])
      order = 'asc';
    }
    expect(schemaOf(Search)).toMatchObject({
      properties: { top_k: { type: 'integer', minimum: 1, default: 10 }, order: { default: 'asc' } },
    });
    const input: Record<string, unknown> = {};
    const check = new SchemaCompiler().compile(schemaOf(Search));
    expect(check(input)).toBeUndefined();
    expect(input).toEqual({ top_k: 10, order: 'asc' });
    expect(check({ top_k: null })).toEqual([{ path: '/top_k', message: 'must be a whole number' }]);
  });

  it('bounds what a class leaves open, at every level of it', () => {
    class Open {
      @cv.IsObject()
      parameters!: Record<string, unknown>;

      @cv.IsOptional()
      @cv.IsArray()
      list?: unknown[];
    }
    const check = new SchemaCompiler().compile(schemaOf(Open));
    const long = 'x'.repeat(10_001);
    const many = Array.from({ length: 1_001 }, () => 0);
    expect(
      check({ parameters: { a: [{ b: 'x'.repeat(10_000) }] }, list: [null, 1, { c: [] }] }),
    ).toBeUndefined();
    expect(check({ parameters: { a: [{ b: long }] } })).toEqual([
      { path: '/parameters/a/0/b', message: 'must have at most 10000 characters' },
    ]);
    expect(check({ parameters: { a: { b: many } } })).toMatchObject([{ path: '/parameters/a/b' }]);
    expect(check({ parameters: {}, list: many })).toMatchObject([{ path: '/list' }]);
    expect(check({ parameters: {}, list: [[long]] })).toMatchObject([{ path: '/list/0/0' }]);
    expect(check({ parameters: Object.fromEntries(many.map((_, i) => [i, 0])) })).toMatchObject([
      { path: '/parameters' },
    ]);
  });

  it.each<[string, PropertyDecorator, RegExp]>([
    ['a constraint without a form', cv.IsStrongPassword(), /Dto\.value: .*isStrongPassword.*@JSONSchema/],
    [
      'one of our own making',
      cv.ValidateBy({ name: 'isPrime', validator: { validate: () => true } }),
      /isPrime/,
    ],
    ['options without a form', cv.IsNumber({ maxDecimalPlaces: 2 }), /maxDecimalPlaces/],
    ['a pattern with flags', cv.Matches(/^a$/i), /flags/],
    ['a condition', cv.ValidateIf(() => true), /condition/],
    ['a group', cv.IsString({ groups: ['admin'] }), /group/],
    ['a nested value of unknown class', cv.ValidateNested(), /@Type/],
    ['a Date, which JSON has not', cv.IsDate(), /isDate/],
  ])('refuses %s, and says what to do', (_, decorate, message) => {
    class Dto {
      value!: unknown;
    }
    decorate(Dto.prototype, 'value');
    expect(() => schemaOf(Dto)).toThrow(message);
  });

  it('refuses decorators that no value fits', () => {
    class Dto {
      @cv.IsString()
      @cv.IsInt()
      value!: string;
    }
    expect(() => schemaOf(Dto)).toThrow(/Dto\.value: no value fits/);
  });

  it('takes the word of @JSONSchema for a constraint that has no form', () => {
    class Dto {
      @cv.IsStrongPassword()
      @JSONSchema({ type: 'string', minLength: 12 })
      password!: string;
    }
    expect(schemaOf(Dto).properties).toEqual({
      password: { type: 'string', minLength: 12, maxLength: 10_000 },
    });
  });

  it('lets @JSONSchema tighten a decorator, never loosen it', () => {
    class Dto {
      @cv.IsInt()
      @cv.Min(5)
      @cv.Max(50)
      @JSONSchema({ minimum: 0, maximum: 20 })
      value!: number;
    }
    expect(schemaOf(Dto).properties).toEqual({ value: { type: 'integer', minimum: 5, maximum: 20 } });
  });
});
