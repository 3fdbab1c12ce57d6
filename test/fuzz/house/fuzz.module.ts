import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import type { Call } from '#call';
import { NotFound } from '#errors';
import { ask, elicit, McpModule, Prompt, Resource, Tool, type RequestedSchema } from '#mcp';
import { Watch } from './watch.ts';

class Text {
  @IsString()
  @Length(1, 100)
  text!: string;
}
class Zone {
  @IsString()
  @JSONSchema({ 'x-mcp-header': 'Region' })
  region!: string;

  @IsOptional()
  @IsInt()
  @JSONSchema({ 'x-mcp-header': 'Zone' })
  zone?: number;
}
class Wait {
  @IsInt()
  @Min(0)
  @Max(30)
  ms!: number;
}
class Seat {
  @IsInt()
  @Min(0)
  @Max(9)
  @Type(() => Number)
  number!: number;
}

/** What no answer may ever show. */
const INTERNAL = 'password=hunter2 at /srv/internal/secret.ts:1:2, SELECT * FROM keys';
const name: RequestedSchema = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
};
const whenOver = ({ signal }: Call): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** Handlers of every kind. Each says that it was reached. */
@Injectable()
export class FuzzOffers {
  constructor(@Inject(Watch) private readonly watch: Watch) {}

  @Tool({ name: 'echo', description: 'Says it again.', input: Text })
  echo({ text }: Text, call: Call): unknown {
    this.watch.reached(call, 'echo');
    return { text };
  }

  @Tool({ name: 'zone', description: 'Has mirrored arguments.', input: Zone })
  zone(input: Zone, call: Call): unknown {
    this.watch.reached(call, 'zone');
    return { ...input };
  }

  @Tool({ name: 'crash', description: 'Breaks.' })
  crash(_: object, call: Call): never {
    this.watch.reached(call, 'crash');
    throw new Error(INTERNAL);
  }

  @Tool({ name: 'crash_later', description: 'Breaks after it has spoken.' })
  async crashLater(_: object, call: Call): Promise<never> {
    this.watch.reached(call, 'crash_later');
    call.peer.log('error', 'now');
    await sleep(1);
    throw new TypeError(INTERNAL);
  }

  @Tool({ name: 'wait', description: 'Takes its time.', input: Wait })
  async wait({ ms }: Wait, call: Call): Promise<string> {
    this.watch.reached(call, 'wait');
    call.peer.progress({ progress: 0, total: ms });
    await sleep(ms);
    call.peer.progress({ progress: ms, total: ms });
    return 'waited';
  }

  @Tool({ name: 'forever', description: 'Ends when its call does.' })
  forever(_: object, call: Call): Promise<never> {
    this.watch.reached(call, 'forever');
    return whenOver(call);
  }

  @Tool({ name: 'ask', description: 'Asks for a name.', input: Text })
  async ask({ text }: Text, call: Call): Promise<string> {
    this.watch.reached(call, 'ask');
    const { person } = await ask(call, { person: elicit('Your name?', name) });
    return `${text} ${person.action}`;
  }

  @Tool({ name: 'later', description: 'May be a task.', input: Wait, task: 'optional' })
  async later({ ms }: Wait): Promise<string> {
    await sleep(ms);
    return 'done';
  }

  @Tool({ name: 'vault', description: 'For administrators.', input: Text, permission: 'keys:write' })
  vault(_: Text, call: Call): string {
    this.watch.reached(call, 'vault');
    return 'gold';
  }

  @Resource({ uri: 'fuzz://rules', name: 'rules', description: 'R.', mimeType: 'text/plain', public: true })
  rules(_: object, call: Call): string {
    this.watch.reached(call, 'rules');
    return 'No smoking.';
  }

  @Resource({
    uriTemplate: 'fuzz://seats/{number}',
    name: 'seat',
    description: 'A seat.',
    mimeType: 'application/json',
    permission: 'conversations:read',
    input: Seat,
  })
  seat({ number }: Seat, call: Call): unknown {
    this.watch.reached(call, 'seat');
    if (number === 7) throw new NotFound('There is no such seat');
    return { number };
  }

  @Prompt({ name: 'greet', description: 'Greets.', permission: 'mcp:use', input: Text })
  greet({ text }: Text, call: Call): string {
    this.watch.reached(call, 'greet');
    return `Greet ${text}`;
  }
}

@Module({})
export class FuzzModule {
  static watchedBy(watch: Watch): DynamicModule {
    return {
      module: FuzzModule,
      imports: [McpModule],
      providers: [FuzzOffers, { provide: Watch, useValue: watch }],
    };
  }
}
