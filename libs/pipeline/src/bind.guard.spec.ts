import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from 'vitest';
import { Call, Operation } from '#call';
import { BindGuard } from './bind.guard.ts';

class Routes {
  @Operation({ name: 'things', public: true })
  things(this: void): void {}
}

function bound(request: { method: string; query?: object; body?: object; params?: object }): Call {
  const call = new Call({ door: 'rest', address: '192.0.2.1', authorization: undefined });
  const context = new ExecutionContextHost(
    [{ params: {}, ...request, call }],
    Routes,
    Routes.prototype.things,
  );
  context.setType('http');
  expect(new BindGuard().canActivate(context)).toBe(true);
  return call;
}

describe('BindGuard', () => {
  it.each(['GET', 'HEAD', 'DELETE'])('takes the input of a %s from its URL, as texts', (method) => {
    const call = bound({ method, query: { skip: '1' }, body: { skip: 2 }, params: { id: 'a' } });
    expect(call).toMatchObject({ input: { skip: '1', id: 'a' }, inputFromUrl: true });
  });

  it.each(['POST', 'PUT'])('takes the input of a %s from its body and its path', (method) => {
    const call = bound({ method, query: { skip: '1' }, body: { skip: 2 }, params: { id: 'a' } });
    expect(call).toMatchObject({ input: { skip: 2, id: 'a' }, inputFromUrl: false });
  });

  it('says which operation is called', () => {
    expect(bound({ method: 'GET' }).operation?.name).toBe('things');
  });

  it('refuses what stands in the path and beside it', () => {
    expect(() => bound({ method: 'POST', body: { id: 'b' }, params: { id: 'a' } })).toThrow(
      /stands in the path/,
    );
  });
});
