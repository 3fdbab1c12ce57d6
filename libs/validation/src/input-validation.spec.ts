import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { Call, type Operation } from '#call';
import { InvalidInput, type Fault } from '#errors';
import { InputValidation } from './input-validation.ts';

class SearchDto {
  @IsString()
  @MaxLength(1_000)
  query!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  top_k = 10;

  @IsOptional()
  @IsBoolean()
  exact?: boolean;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @IsInt({ each: true })
  years?: number[];

  @IsOptional()
  @IsObject()
  filters?: Record<string, unknown>;

  @IsOptional()
  @IsEmail()
  author?: string;
}
const search: Operation = { name: 'conversations.search', public: true, input: SearchDto };
const list: Operation = { name: 'conversations.list', public: true };

const inputs = new InputValidation();

function callWith(operation: Operation, input: unknown, inputFromUrl = false): Call {
  const call = new Call({ door: 'rest', address: '127.0.0.1', authorization: undefined });
  return Object.assign(call, { operation, input, inputFromUrl });
}

function faultsOf(operation: Operation, input: unknown, fromUrl = false): readonly Fault[] {
  try {
    inputs.check(callWith(operation, input, fromUrl));
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.details?.['faults'] as Fault[];
  }
}

describe('the validation of an input', () => {
  it('hands on what fits, with the defaults filled in', () => {
    const call = callWith(search, { query: 'q' });
    inputs.check(call);
    expect(call.input).toEqual({ query: 'q', top_k: 10 });
  });

  it('says of each fault where it is and what is allowed, and nothing of the value', () => {
    const faults = faultsOf(search, {
      top_k: 'hunter2',
      exact: 'hunter2',
      author: 'hunter2',
      querry: 'hunter2',
      filters: { a: ['x'.repeat(10_001)] },
    });
    expect(faults).toEqual([
      { path: '/query', message: 'is required' },
      {
        path: '/querry',
        message: 'is not known here; known are: query, top_k, exact, years, filters, author',
      },
      { path: '/top_k', message: 'must be a whole number' },
      { path: '/exact', message: 'must be true or false or null' },
      { path: '/filters/a/0', message: 'must have at most 10000 characters' },
      { path: '/author', message: 'must be an email address' },
    ]);
    expect(JSON.stringify(faults)).not.toContain('hunter2');
  });

  it('reports at most ten faults, and short, clean names', () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`unknown${i}`, i]));
    expect(faultsOf(search, { query: 'q', ...many })).toHaveLength(10);
    const [fault] = faultsOf(search, { query: 'q', [`\u001b[31m\n/~${'n'.repeat(5_000)}`]: 1 });
    expect(fault?.path).toMatch(/^\/\?\[31m\?~1~0n{50,60}…$/);
  });

  it('looks for the first fault only in a large input', () => {
    const items = Array.from({ length: 50_000 }, () => 'x');
    expect(faultsOf(search, { query: 'q', years: items, exact: 1 })).toHaveLength(1);
  });

  it.each([[{}], [undefined], [null]])('takes %j for an operation without an input', (input) => {
    expect(faultsOf(list, input)).toEqual([]);
  });

  it.each([[{ a: 1 }], [[]], ['x'], [0]])('refuses %j for an operation without an input', (input) => {
    expect(faultsOf(list, input)).toHaveLength(1);
  });

  it.each([[[]], ['query'], [1], [true]])('refuses %j where an object is due', (input) => {
    expect(faultsOf(search, input)).toEqual([{ path: '', message: 'must be an object' }]);
  });

  describe('from a URL', () => {
    it('reads numbers, booleans and lists from texts', () => {
      const input = { query: '17', top_k: '5', exact: 'false', years: ['2024', '2025'] };
      const call = callWith(search, input, true);
      inputs.check(call);
      expect(call.input).toEqual({ query: '17', top_k: 5, exact: false, years: [2024, 2025] });
      expect(input.top_k).toBe('5');
    });

    it('makes a list of one of a single value', () => {
      const call = callWith(search, { query: 'q', years: '2024' }, true);
      inputs.check(call);
      expect(call.input).toMatchObject({ years: [2024] });
    });

    it.each(['0x10', ' 5', '5 ', '', '1e999', 'NaN', '٣', '05', '5.5', '101'])(
      'does not take "%s" for a count',
      (top_k) => {
        expect(faultsOf(search, { query: 'q', top_k }, true)).toHaveLength(1);
      },
    );

    it.each(['TRUE', '1', 'yes', ''])('does not take "%s" for a boolean', (exact) => {
      expect(faultsOf(search, { query: 'q', exact }, true)).toHaveLength(1);
    });

    it('refuses a key that is given twice where one value is due', () => {
      expect(faultsOf(search, { query: ['a', 'b'] }, true)).toEqual([
        { path: '/query', message: 'must be a text' },
      ]);
    });
  });

  it('does not read numbers from texts in a body', () => {
    expect(faultsOf(search, { query: 'q', top_k: '5' })).toHaveLength(1);
  });

  it('notes what looks like an attack, and lets it pass unaltered', () => {
    const call = callWith(search, { query: "x' OR 1=1 --" });
    inputs.check(call);
    expect(call.notes).toEqual({ suspicion: 'sql_injection' });
    expect(call.input).toMatchObject({ query: "x' OR 1=1 --" });
  });

  it('refuses at start what it can not enforce, and names the operation', () => {
    class LookAround {
      @Matches(/^(?=.*\d).+$/)
      value!: string;
    }
    const operation: Operation = { name: 'keys.create', public: true, input: LookAround };
    expect(() => inputs.prepare(operation)).toThrow(/keys\.create/);
  });
});
