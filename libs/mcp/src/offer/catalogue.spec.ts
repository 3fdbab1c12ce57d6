import { Injectable, Scope, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { Cached } from '#cache';
import { Operation } from '#call';
import { Method } from '../declare/method.decorator.ts';
import { Prompt } from '../declare/prompt.decorator.ts';
import { Resource } from '../declare/resource.decorator.ts';
import { Tool } from '../declare/tool.decorator.ts';
import { ConfigModule } from '#config';
import { McpModule } from '../mcp.module.ts';
import { Catalogue } from './catalogue.ts';

class RoomInput {
  @IsString()
  id!: string;
}

@Injectable()
class First {
  @Tool({ name: 'same', description: 'd' })
  one(): void {}

  @Prompt({ name: 'same', description: 'd', permission: 'mcp:use' })
  two(): void {}

  @Resource({ uri: 'a://same', name: 'r', description: 'd', mimeType: 'text/plain', public: true })
  three(): void {}
}
@Injectable()
class SameTool {
  @Tool({ name: 'same', description: 'd' })
  again(): void {}
}
@Injectable()
class SamePrompt {
  @Prompt({ name: 'same', description: 'd', permission: 'mcp:use' })
  again(): void {}
}
@Injectable()
class SameResource {
  @Resource({ uri: 'a://same', name: 'q', description: 'd', mimeType: 'text/plain', public: true })
  again(): void {}
}
@Injectable()
class BadName {
  @Tool({ name: 'white space', description: 'd' })
  tool(): void {}
}
@Injectable()
class CachedTask {
  @Tool({ name: 'a', description: 'd', task: 'optional' })
  @Cached()
  tool(): void {}
}
@Injectable()
class UnknownPermission {
  @Tool({ name: 'a', description: 'd', permission: 'no:body' })
  tool(): void {}
}
@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @Tool({ name: 'a', description: 'd' })
  tool(): void {}
}
@Injectable()
class BadTemplate {
  @Resource({
    uriTemplate: 'a://{x}{y}',
    name: 'q',
    description: 'd',
    mimeType: 'text/plain',
    public: true,
    input: RoomInput,
  })
  room(): void {}
}
@Injectable()
class StrayVariable {
  @Resource({
    uriTemplate: 'a://{room}',
    name: 'q',
    description: 'd',
    mimeType: 'text/plain',
    public: true,
    input: RoomInput,
  })
  room(): void {}
}
@Injectable()
class SecretTask {
  @Tool({ name: 'a', description: 'd', task: 'optional', revealsSecret: true })
  tool(): void {}
}
@Injectable()
class EternalTask {
  @Tool({ name: 'a', description: 'd', task: { support: 'optional', ttlMs: 86_400_000 } })
  tool(): void {}
}
@Injectable()
class HomelessTask {
  @Tool({ name: 'a', description: 'd', task: 'optional' })
  tool(): void {}
}
@Injectable()
class Silent {
  @Method({ method: 'x/y' })
  method(): void {}
}
@Injectable()
class Twice {
  @Method({ method: 'ping' })
  @Operation({ name: 'x', permission: 'mcp:use' })
  method(): void {}
}

const boot = async (...providers: Provider[]) => {
  const module = await Test.createTestingModule({
    imports: [ConfigModule.forRoot({}), McpModule],
    providers,
  }).compile();
  return module.init();
};

describe('the catalogue', () => {
  it('holds what any module offers', async () => {
    const app = await boot(First);
    const { tools, prompts, resources } = app.get(Catalogue);
    expect([[...tools.keys()], [...prompts.keys()], [...resources.keys()]]).toEqual([
      ['same'],
      ['same'],
      ['a://same'],
    ]);
    expect(tools.get('same')?.handler.operation).toEqual({ name: 'same', permission: 'tools:call' });
    await app.close();
  });

  it('meets one provider under two names once', async () => {
    const app = await boot(First, { provide: 'ALIAS', useExisting: First });
    expect(app.get(Catalogue).tools.size).toBe(1);
    await app.close();
  });

  it.each([
    ['two tools of one name', [First, SameTool], /tool same: First\.one and SameTool\.again/],
    ['two prompts of one name', [First, SamePrompt], /prompt same: First\.two and SamePrompt\.again/],
    [
      'two resources of one URI',
      [First, SameResource],
      /resource a:\/\/same: First\.three and SameResource\.again/,
    ],
    ['a name that is none', [BadName], /BadName\.tool: white space is no tool name/],
    ['a task that is cached', [CachedTask], /CachedTask\.tool runs as a task, so it can't be @Cached/],
    ['a permission that nobody has', [UnknownPermission], /UnknownPermission\.tool .*no:body/],
    [
      'a provider made for each request',
      [PerRequest],
      /PerRequest\.tool belongs to a request-scoped provider/,
    ],
    ['a template that can not be read', [BadTemplate], /BadTemplate\.room: a:\/\/\{x\}\{y\}/],
    ['a variable that is no field', [StrayVariable], /StrayVariable\.room: .*\{room\}, which is no field/],
    ['a task that would keep a secret', [SecretTask], /SecretTask\.tool: what reveals a secret/],
    ['a task that would be kept for too long', [EternalTask], /EternalTask\.tool: the ttlMs of a task/],
    [
      'a task that nothing would keep',
      [HomelessTask],
      /HomelessTask\.tool runs as a task: import JobsModule/,
    ],
    ['a method without a declaration', [Silent], /Silent\.method carries no @Operation/],
    ['a method that is served already', [Twice], /serves ping a second time/],
  ])('stops the boot for %s', async (_, providers, message) => {
    await expect(boot(...providers)).rejects.toThrow(message);
  });
});
