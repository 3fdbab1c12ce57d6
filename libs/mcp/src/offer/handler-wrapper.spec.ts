import {
  Injectable,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Call, callOf } from '#call';
import { ConfigModule } from '#config';
import { Tool } from '../declare/tool.decorator.ts';
import { McpModule } from '../mcp.module.ts';
import { Catalogue } from './catalogue.ts';

@Injectable()
class Opening {
  hours = true;
}
@Injectable()
class OpenOnly implements CanActivate {
  constructor(private readonly opening: Opening) {}
  canActivate(context: ExecutionContext): boolean {
    callOf(context).note('asked', context.getHandler().name);
    return this.opening.hours;
  }
}
@Injectable()
class Signed implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((answer) => ({ answer, by: 'the house' })));
  }
}
@Injectable()
class Tools {
  @Tool({ name: 'ring', description: 'Rings.', public: true })
  @UseGuards(OpenOnly)
  @UseInterceptors(Signed)
  ring(): string {
    return 'ding';
  }
}

describe('a tool with a guard and an interceptor of its own', () => {
  it('is guarded by them, with what they inject', async () => {
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot({}), McpModule],
      providers: [Tools, Opening],
    }).compile();
    const app = await module.init();
    const { handler } = app.get(Catalogue).tools.get('ring')!;
    const call = new Call({ door: 'mcp', address: '::1', authorization: undefined });
    expect(await handler.run({}, call)).toEqual({ answer: 'ding', by: 'the house' });
    expect(call.notes).toEqual({ asked: 'ring' });
    app.get(Opening).hours = false;
    expect(() => handler.run({}, call)).toThrow(expect.objectContaining({ code: 'ACCESS_REFUSED' }));
    await app.close();
  });
});
