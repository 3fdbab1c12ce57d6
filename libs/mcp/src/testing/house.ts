import { Injectable, Module, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { IsInt, IsString, Length, Max } from 'class-validator';
import { Call, callOf, RateLimited, type Role } from '#call';
import { ConfigModule } from '#config';
import { CredentialMissing, CredentialUnknown, GatehouseError, NotFound } from '#errors';
import { MaskingInterceptor } from '#masking';
import { AuthoriseGuard, VisibilityGuard } from '#rbac';
import { ValidationGuard, ValidationModule } from '#validation';
import { Prompt } from '../declare/prompt.decorator.ts';
import { Resource } from '../declare/resource.decorator.ts';
import { Tool } from '../declare/tool.decorator.ts';
import { Dispatcher } from '../dispatcher.ts';
import { McpModule } from '../mcp.module.ts';
import { resourceContents } from '../offer/resource-contents.ts';
import { toolResult } from '../offer/tool-result.ts';
import { CLIENT_CAPABILITIES, PROTOCOL_VERSION } from '../wire/era.ts';

class EchoInput {
  @IsString()
  @Length(1, 20)
  text!: string;
}
class RoomInput {
  @IsString()
  @Length(1, 10)
  id!: string;
}
class SeatInput {
  @IsInt()
  @Max(9)
  number!: number;
}

/** What was reached: guards and handlers, in order. */
const visits: string[] = [];
/** What the tool `leak` tells. */
export const SECRET = 'sk-abcdefghijklmnopqrstuvwxyz0123456789';

@Injectable()
class Offers {
  @Tool({
    name: 'echo',
    description: 'Says it again.',
    input: EchoInput,
    annotations: { readOnlyHint: true },
  })
  echo({ text }: EchoInput, call: Call): unknown {
    visits.push('echo');
    return { text, by: call.principal?.id };
  }

  @Tool({ name: 'say', description: 'Says one word.' })
  say(): string {
    return 'word';
  }

  @Tool({ name: 'nothing', description: 'Says nothing.' })
  nothing(): void {}

  @Tool({ name: 'leak', description: 'Tells a secret.' })
  leak(): unknown {
    return toolResult({ content: [{ type: 'text', text: `key ${SECRET}` }] });
  }

  @Tool({ name: 'crash', description: 'Breaks.' })
  crash(): never {
    throw new Error('password=hunter2 at /srv/secret.ts');
  }

  @Tool({ name: 'miss', description: 'Finds nothing.' })
  miss(): never {
    throw new NotFound('There is no such conversation');
  }

  @Tool({ name: 'loop', description: 'Answers what is no JSON.' })
  loop(): unknown {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    return value;
  }

  @Tool({ name: 'tangle', description: 'Fails with what is no JSON.' })
  tangle(): never {
    throw new GatehouseError('NOT_FOUND', 'Not to be written down', { details: { count: 1n } });
  }

  @Tool({ name: 'erase', description: 'Erases.', permission: 'conversations:delete' })
  erase(): unknown {
    return {};
  }

  @Resource({
    uri: 'house://rules',
    name: 'rules',
    description: 'The rules.',
    mimeType: 'text/plain',
    public: true,
  })
  rules(): string {
    return 'No smoking.';
  }

  @Resource({
    uriTemplate: 'house://rooms/{id}',
    name: 'room',
    description: 'A room.',
    mimeType: 'application/json',
    permission: 'conversations:read',
    input: RoomInput,
  })
  room({ id }: RoomInput): unknown {
    visits.push('room');
    if (id === 'attic') throw new NotFound('There is no such room');
    return { id };
  }

  @Resource({
    uriTemplate: 'house://seats/{number}',
    name: 'seat',
    description: 'A seat.',
    mimeType: 'image/png',
    permission: 'conversations:read',
    input: SeatInput,
  })
  seat({ number }: SeatInput): unknown {
    if (typeof number !== 'number') throw new Error('not a number');
    return resourceContents({ blob: 'AAAA' });
  }

  @Prompt({ name: 'greet', description: 'Greets.', permission: 'mcp:use', input: EchoInput })
  greet({ text }: EchoInput): string {
    return `Greet ${text}`;
  }
}

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const call = callOf(context);
    visits.push(`guard ${call.operation?.name}`);
    if (call.operation?.public) return true;
    if (!call.authorization) throw new CredentialMissing();
    if (call.authorization === 'limited') {
      throw new RateLimited({
        allowed: false,
        name: 'client',
        limit: 1,
        remaining: 0,
        reset: 1,
        retryAfter: 1,
      });
    }
    const role = /^as (\w+)$/.exec(call.authorization)?.[1];
    if (!role) throw new CredentialUnknown();
    call.principal = { id: 'p1', name: 'p', role: role as Role, tier: undefined, keyId: 'k1' };
    return true;
  }
}

/** Tools, resources and prompts of every kind, behind guards that read `as <role>` from the Authorization header. */
@Module({
  imports: [ConfigModule.forRoot({}), McpModule, ValidationModule],
  providers: [
    Offers,
    { provide: APP_GUARD, useClass: KeyGuard },
    { provide: APP_GUARD, useClass: VisibilityGuard },
    { provide: APP_GUARD, useClass: AuthoriseGuard },
    { provide: APP_GUARD, useClass: ValidationGuard },
    { provide: APP_INTERCEPTOR, useClass: MaskingInterceptor },
  ],
})
class HouseModule {}

/** What every modern request says of itself. */
export const META = { [PROTOCOL_VERSION]: '2026-07-28', [CLIENT_CAPABILITIES]: {} };

export type Json = Record<string, unknown>;
type Message = Json & { params?: Json };

/** Makes of a request one of a revision. */
export const eras = {
  '2026-07-28': (message: Message): Message => ({ ...message, params: { ...message.params, _meta: META } }),
  '2025-11-25': (message: Message): Message => message,
};
export const eraNames = Object.keys(eras) as (keyof typeof eras)[];

export function request(method: string, params?: Json): Message {
  return { jsonrpc: '2.0', id: 7, method, ...(params && { params }) };
}

export function toolCall(name: string, args?: unknown): Message {
  return request('tools/call', { name, ...(args !== undefined && { arguments: args }) });
}

export interface SendOptions {
  /** The Authorization header; none when it is empty. */
  as?: string;
  headers?: Record<string, string>;
}

export interface Sent {
  status: number;
  body: Json | undefined;
  code: string | undefined;
  call: Call;
}

export interface House {
  dispatcher: Dispatcher;
  visits: string[];
  send(message: unknown, options?: SendOptions): Promise<Sent>;
  close(): Promise<void>;
}

export async function openHouse(): Promise<House> {
  const app = await NestFactory.createApplicationContext(HouseModule, { logger: false, abortOnError: false });
  const dispatcher = app.get(Dispatcher);
  return {
    dispatcher,
    visits,
    async send(message, { as = 'as admin', headers } = {}) {
      const call = new Call({ door: 'mcp', address: '127.0.0.1', authorization: as || undefined });
      const exchange = headers ? { header: (name: string) => headers[name] } : {};
      const { status, body, outcome } = await dispatcher.dispatch(message, call, exchange);
      return {
        status,
        body: body === undefined ? undefined : (JSON.parse(body) as Json),
        code: outcome?.code,
        call,
      };
    },
    close: () => app.close(),
  };
}
