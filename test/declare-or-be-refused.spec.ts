import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Operation } from '#call';
import { Tool } from '#mcp';
import { databases } from '#testing';
import { explainStartError } from '../apps/gateway/src/explain-start-error.ts';
import { bootGateway } from './support/gateway.ts';

@Controller('silent')
class SilentController {
  @Get()
  read(): string {
    return 'nobody said who may read this';
  }
}
@Module({ controllers: [SilentController] })
class SilentModule {}

@Controller('unheard')
class UnheardController {
  @Get()
  @Operation({ name: 'unheard.read', permission: 'unheard:of' })
  read(): string {
    return 'nobody may read this';
  }
}
@Module({ controllers: [UnheardController] })
class UnheardModule {}

@Injectable()
class UnheardTools {
  @Tool({ name: 'unheard', description: 'Nobody may call this.', permission: 'unheard:of' })
  call(): string {
    return '';
  }
}
@Module({ providers: [UnheardTools] })
class UnheardToolsModule {}

const [embedded] = databases;

describe('a handler that does not say what it is', () => {
  it.each([
    ['a route without @Operation', SilentModule, /SilentController\.read carries no @Operation/],
    ['a route whose permission nobody has', UnheardModule, /UnheardController\.read .*unheard:of/],
    [
      'a tool whose permission nobody has',
      UnheardToolsModule,
      /UnheardTools\.call \(unheard\) needs the permission unheard:of, which no role has.* name one of .*, tools:call/,
    ],
  ])('stops the boot: %s', async (_, feature, message) => {
    const error: unknown = await bootGateway(embedded!, { features: [feature] }).catch(
      (fault: unknown) => fault,
    );
    const said = explainStartError(error);
    expect(said).toMatch(message);
    // Each in a line, and no stack.
    expect(said.split('\n')).toEqual([
      expect.stringMatching(/^Every .* declares what it is/),
      expect.stringMatching(/^ {2}- /),
    ]);
  });
});
