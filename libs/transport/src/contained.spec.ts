import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contained } from './contained.ts';

const fault = new Error('unforeseen');

describe('work that nobody waits for', () => {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['error']));

  it.each([
    [
      'throws',
      () => {
        throw fault;
      },
      [fault],
    ],
    ['rejects', () => Promise.reject(fault), [fault]],
    ['rejects later', () => Promise.resolve().then(() => Promise.reject(fault)), [fault]],
    ['ends well', () => Promise.resolve(), []],
    ['ends at once', () => 'done', []],
  ])('that %s ends no more than its own connection', async (_, work, expected) => {
    const ended: unknown[] = [];
    contained(work, (why) => ended.push(why));
    await setImmediate();
    expect(ended).toEqual(expected);
  });
});
