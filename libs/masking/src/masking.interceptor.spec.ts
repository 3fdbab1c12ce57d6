import { Readable } from 'node:stream';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { lastValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Call, EventStream, type AnswerEvent, type OperationOptions } from '#call';
import { readConfig } from '#config';
import { maskingConfig } from './masking.config.ts';
import { MaskingInterceptor } from './masking.interceptor.ts';

const KEY = `gk_${'a1B2'.repeat(10)}`;
const answer = { text: `${KEY} of jane@example.com` };

function masked(
  value: unknown,
  operation: Partial<OperationOptions> = {},
  env: Record<string, string> = {},
): Promise<unknown> {
  const call = new Call({ door: 'mcp', address: '::1', authorization: undefined });
  call.operation = { name: 'keys.create', public: true, ...operation } as OperationOptions;
  const context = new ExecutionContextHost([{}, call]);
  context.setType('mcp');
  const interceptor = new MaskingInterceptor(readConfig(maskingConfig, env));
  return lastValueFrom(interceptor.intercept(context, { handle: () => of(value) }));
}

async function* events(): AsyncGenerator {
  yield { event: 'token', data: { text: KEY } };
}

describe('MaskingInterceptor', () => {
  it('masks secrets in answers, and leaves personal data to those who may read it', async () => {
    expect(await masked(answer)).toEqual({ text: '[SECRET] of jane@example.com' });
  });

  it('masks personal data too, when it is told to', async () => {
    expect(await masked(answer, {}, { PII_MASK_ANSWERS: 'true' })).toEqual({ text: '[SECRET] of [EMAIL]' });
  });

  it('lets an operation reveal the secret that it is there to reveal', async () => {
    expect(await masked(answer, { revealsSecret: true })).toBe(answer);
  });

  it.each([['word'], [5], [null], [undefined], [{ a: [1] }]])('hands %j on as it is', async (value) => {
    expect(await masked(value)).toBe(value);
  });

  it('masks a stream of events, in its envelope and without, and leaves a stream of bytes', async () => {
    const bare = (await masked(events())) as AsyncIterable<unknown>;
    expect(await Array.fromAsync(bare)).toEqual([{ event: 'token', data: { text: '[SECRET]' } }]);
    const stream = (await masked(new EventStream(events() as AsyncIterable<AnswerEvent>))) as EventStream;
    expect(stream).toBeInstanceOf(EventStream);
    expect(await Array.fromAsync(stream.events)).toEqual([{ event: 'token', data: { text: '[SECRET]' } }]);
    const bytes = Readable.from(['x']);
    expect(await masked(bytes)).toBe(bytes);
  });
});
