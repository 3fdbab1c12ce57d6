import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskValue } from './mask-value.ts';

const KEY = `gk_${'a1B2'.repeat(10)}`;

describe('maskValue', () => {
  it('gives the very same value when there is nothing to mask', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(maskValue(value, (text) => text)).toBe(value);
      }),
    );
  });

  it('copies what has to change and nothing else, and leaves the original alone', () => {
    const value = { a: { b: [`x ${KEY}`] }, c: { d: 1 } };
    const masked = maskValue(value);
    expect(masked).toEqual({ a: { b: ['x [SECRET]'] }, c: { d: 1 } });
    expect(masked.c).toBe(value.c);
    expect(value.a.b[0]).toBe(`x ${KEY}`);
  });

  it.each([
    [{ password: 'x' }, { password: '[SECRET]' }],
    [{ DB_PASSWORD: 1234 }, { DB_PASSWORD: '[SECRET]' }],
    [
      { 'x-api-key': 'x', authorization: 'y', Cookie: 'z' },
      { 'x-api-key': '[SECRET]', authorization: '[SECRET]', Cookie: '[SECRET]' },
    ],
    [
      { clientSecret: 'x', refresh_token: 'y', token: 'z' },
      { clientSecret: '[SECRET]', refresh_token: '[SECRET]', token: '[SECRET]' },
    ],
    [{ secrets: ['a', ['b']] }, { secrets: ['[SECRET]', ['[SECRET]']] }],
    [{ credentials: { user: 'u', password: 'p' } }, { credentials: { user: 'u', password: '[SECRET]' } }],
  ])('masks what stands under the name of a secret: %j', (value, masked) =>
    expect(maskValue(value)).toEqual(masked),
  );

  it.each([
    { hasPassword: true, password: null, token: '' },
    {
      nextPageToken: 'abc',
      max_tokens: 5,
      keyId: 'k',
      tokens: ['a'],
      author: 'x',
      passport: 'y',
      secretary: 'z',
    },
    { properties: { password: { type: 'string' } } },
    { at: new Date(0) },
  ])('leaves %j', (value) => expect(maskValue(value)).toBe(value));

  it('keeps the class of what it copies, and hears what an object says of itself', () => {
    class Answer {
      readonly text = KEY;
    }
    expect(maskValue(new Answer())).toBeInstanceOf(Answer);
    expect(maskValue({ toJSON: () => ({ text: KEY }) })).toEqual({ text: '[SECRET]' });
  });

  it('masks bytes that are a text, and leaves others', () => {
    expect(maskValue(Buffer.from(`x ${KEY}`)).toString()).toBe('x [SECRET]');
    const image = Buffer.from([0xff, 0xd8, 0x67]);
    expect(maskValue(image)).toBe(image);
  });

  it('comes to an end on circles, depths and streams', () => {
    const circle: Record<string, unknown> = { text: KEY };
    circle['self'] = circle;
    circle['again'] = { circle };
    expect(maskValue(circle)).toMatchObject({ text: '[SECRET]' });

    let deep: unknown = KEY;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(JSON.stringify(maskValue(deep))).toContain('[TOO DEEP]');

    const emitter = Object.assign(new EventEmitter(), { text: KEY });
    expect(maskValue({ emitter }).emitter).toBe(emitter);
  });
});
