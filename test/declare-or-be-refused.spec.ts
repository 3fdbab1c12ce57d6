import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Operation } from '#call';
import { Tool } from '#mcp';
import { databases } from '#testing';
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
    ['a tool whose permission nobody has', UnheardToolsModule, /unheard.*unheard:of/s],
  ])('stops the boot: %s', async (_, feature, message) => {
    await expect(bootGateway(embedded!, { features: [feature] })).rejects.toThrow(message);
  });
});
