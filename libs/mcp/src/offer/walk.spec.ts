import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { map, of, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Call, Stage } from '#call';
import { walkOf, type Walk } from './walk.ts';

class Rooms {
  open(given: unknown): unknown {
    return { opened: given };
  }
}

const rooms = new Rooms();
const call = () => new Call({ door: 'mcp', address: '::1', authorization: undefined });
const method = (given: unknown) => rooms.open(given);
const walk = (parts: Partial<Walk>) =>
  walkOf({ guards: [], interceptors: [], method, instance: rooms, ...parts })('a', call());
const guard = (verdict: ReturnType<CanActivate['canActivate']>): CanActivate => ({
  canActivate: () => verdict,
});
const never = (): never => {
  throw new Error('it was reached');
};

class Boxed extends Stage {
  around(_call: Call, next: () => unknown): unknown {
    return { boxed: next() };
  }
}
class Listed implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((answer) => [answer]));
  }
}

describe('a walk', () => {
  it('that waits for nothing answers at once', () => {
    expect(walk({ guards: [guard(true)], interceptors: [new Boxed()] })).toEqual({ boxed: { opened: 'a' } });
  });

  it.each([
    ['a promise', () => Promise.resolve(true)],
    ['an Observable', () => of(true)],
  ])('waits for a guard that answers with %s', async (_, verdict) => {
    expect(await walk({ guards: [guard(verdict()), guard(true)] })).toEqual({ opened: 'a' });
  });

  it.each([
    ['at once', () => false],
    ['with a promise', () => Promise.resolve(false)],
    ['with an Observable', () => of(false)],
  ])('ends at a guard that refuses %s', async (_, verdict) => {
    const refused = async () => walk({ guards: [guard(verdict()), { canActivate: never }], method: never });
    await expect(refused()).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
  });

  it('ends at the second guard too, after one that had to be waited for', async () => {
    const guards = [guard(Promise.resolve(true)), guard(false)];
    await expect(walk({ guards, method: never })).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
  });

  it('passes the guards in order, then the stages from the outermost on', async () => {
    const seen: string[] = [];
    const noting = (name: string): CanActivate => ({ canActivate: () => seen.push(name) > 0 });
    const answer = await walk({
      guards: [noting('first'), noting('second')],
      interceptors: [new Boxed(), new Listed()],
    });
    expect(seen).toEqual(['first', 'second']);
    expect(await (answer as { boxed: Promise<unknown> }).boxed).toEqual([{ opened: 'a' }]);
  });

  it('shows guards the class, the method and what it was called with', () => {
    let seen: unknown[] = [];
    const canActivate = (context: ExecutionContext) => {
      seen = [context.getType(), context.getClass(), context.getHandler(), context.getArgByIndex(0)];
      return true;
    };
    walk({ guards: [{ canActivate }] });
    expect(seen).toEqual(['mcp', Rooms, method, 'a']);
  });

  it('hands on what a guard or the method throws', async () => {
    expect(() => walk({ guards: [{ canActivate: never }] })).toThrow('it was reached');
    expect(() => walk({ method: never })).toThrow('it was reached');
    await expect(walk({ method: never, interceptors: [new Listed()] })).rejects.toThrow('it was reached');
  });
});
