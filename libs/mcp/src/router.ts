import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Call } from '#call';
import { GatehouseError, InvalidInput } from '#errors';
import { METHOD, type MethodOptions } from './declare/method.decorator.ts';
import { Catalogue } from './offer/catalogue.ts';
import { DeclaredHandlers } from './offer/declared-handlers.ts';
import { HandlerWrapper } from './offer/handler-wrapper.ts';
import type { Handler } from './offer/handler.ts';
import { promptResultJson } from './offer/prompt-messages.ts';
import { resourceResultJson } from './offer/resource-contents.ts';
import { toldToTheModel, toolErrorJson, toolResultJson } from './offer/tool-result.ts';
import { OtherMessages } from './protocol/other-messages.ts';
import { SessionMethods } from './protocol/session.methods.ts';
import { TaskTools } from './tasks/task-tools.ts';
import type { Era } from './wire/era.ts';
import { resultJson } from './wire/json-rpc.ts';
import { isRecord, type Message, type Params } from './wire/message.ts';
import type { HeaderReader } from './wire/mirrored-headers.ts';
import { mirrorFault } from './wire/mirrored-params.ts';

/** Where one message goes, and how what comes back is written down. */
export interface Route {
  readonly handler: Handler;
  /** What the validation stage checks, and the handler gets. */
  readonly input?: unknown;
  /** What the handler gets in place of the input. */
  readonly argument?: unknown;
  /** A method of the protocol itself: its handler gets the message. */
  readonly isProtocol?: true;
  /** What is wrong with the headers that repeat arguments. Told to those alone who may call. */
  mirrored?(header: HeaderReader): GatehouseError | undefined;
  /** The values of the input are texts that its schema may turn into numbers and booleans. */
  readonly inputIsText?: boolean;
  readonly target: string | undefined;
  /** The JSON text of the result. */
  write(value: unknown): string;
  /** The same of an error that is told as a result; undefined for one that is not. */
  writeError?(error: GatehouseError, call: Call): string | undefined;
}

/** A target is a name in a record, not a payload. */
const MAX_TARGET_LENGTH = 128;

/** Finds what a message asks for: a tool, a resource, a prompt, or a method of the protocol itself. */
@Injectable()
export class Router implements OnModuleInit {
  readonly #methods = new Map<string, MethodOptions & { handler: Handler }>();
  #notify!: Handler;
  #refuse!: Handler;
  #session!: Record<'listen' | 'end' | 'answer', Handler>;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly handlers: DeclaredHandlers,
    private readonly wrapper: HandlerWrapper,
    private readonly others: OtherMessages,
    private readonly sessions: SessionMethods,
    private readonly taskTools: TaskTools,
  ) {}

  /** Not before: the guards of the whole program are known only when all its modules are. */
  onModuleInit(): void {
    for (const { options, handler, place } of this.handlers.find<MethodOptions>(METHOD, 'wrap')) {
      if (this.#methods.has(options.method))
        throw new Error(`${place} serves ${options.method} a second time`);
      this.#methods.set(options.method, { ...options, handler });
    }
    this.#notify = this.wrapper.wrap(this.others, 'notify') as Handler;
    this.#refuse = this.wrapper.wrap(this.others, 'refuse') as Handler;
    const session = (name: 'listen' | 'end' | 'answer') => this.wrapper.wrap(this.sessions, name) as Handler;
    this.#session = { listen: session('listen'), end: session('end'), answer: session('answer') };
  }

  /** Throws METHOD_NOT_FOUND, NOT_FOUND, or INVALID_INPUT for params that name nothing. */
  route(message: Message, era: Era): Route {
    const { id, method, params } = message;
    if (id === undefined)
      return { handler: this.#notify, isProtocol: true, target: clipped(method), write: nothing };
    if (method === 'tools/call' && this.catalogue.offers('tools')) return this.#toolCall(params, era);
    if (method === 'resources/read' && this.catalogue.offers('resources'))
      return this.#resourceRead(params, era);
    if (method === 'prompts/get' && this.catalogue.offers('prompts')) return this.#promptGet(params, era);
    return this.#protocol(message, era);
  }

  /** Where a message goes that can't be served: through the pipeline too, and then to the error that it earned. */
  refusal(error: GatehouseError, method?: string): Route {
    return { handler: this.#refuse, argument: error, target: method && clipped(method), write: nothing };
  }

  /** Where a client of 2025 turns to its session. */
  session(what: 'listen' | 'end' | 'answer'): Route {
    return { handler: this.#session[what], isProtocol: true, target: undefined, write: nothing };
  }

  #toolCall(params: Params, era: Era): Route {
    const tool = this.catalogue.tools.get(text(params, 'name'));
    if (!tool) throw new GatehouseError('NOT_FOUND', 'Unknown tool: tools/list names those that there are');
    checkRounds(params, era);
    const { mirrored } = tool;
    return {
      handler: tool.handler,
      input: argumentsOf(params),
      target: tool.options.name,
      ...(mirrored &&
        era.name === 'modern' && {
          mirrored: (header: HeaderReader) => mirrorFault(mirrored, params['arguments'], header),
        }),
      write: (value) => toolResultJson(value, era),
      writeError: (error, call) => (toldToTheModel(error) ? toolErrorJson(error, call, era) : undefined),
      ...(tool.options.task && this.taskTools.routeOf(tool, params, era)),
    };
  }

  #resourceRead(params: Params, era: Era): Route {
    const uri = text(params, 'uri');
    const found = this.catalogue.resourceAt(uri);
    if (!found) throw new GatehouseError('NOT_FOUND', 'Resource not found');
    checkRounds(params, era);
    const { options, handler } = found.offered;
    return {
      handler,
      input: found.variables,
      inputIsText: true,
      target: options.uri ?? options.uriTemplate,
      write: (value) => resourceResultJson(value, { uri, mimeType: options.mimeType }, era),
    };
  }

  #promptGet(params: Params, era: Era): Route {
    const prompt = this.catalogue.prompts.get(text(params, 'name'));
    if (!prompt)
      throw new GatehouseError('NOT_FOUND', 'Unknown prompt: prompts/list names those that there are');
    checkRounds(params, era);
    const { name, description } = prompt.options;
    return {
      handler: prompt.handler,
      input: argumentsOf(params),
      inputIsText: true,
      target: name,
      write: (value) => promptResultJson(value, description, era),
    };
  }

  #protocol({ method }: Message, era: Era): Route {
    const served = this.#methods.get(method);
    const isKnown =
      served &&
      (served.era === undefined || served.era === era.name) &&
      (served.capability === undefined || this.catalogue.offers(served.capability));
    if (!isKnown) throw new GatehouseError('METHOD_NOT_FOUND', 'Method not found');
    return {
      handler: served.handler,
      isProtocol: true,
      target: method,
      write: (value) =>
        typeof value === 'function' ? (value as () => string)() : resultJson(value as Params, era),
    };
  }
}

function nothing(): string {
  return '{}';
}

function clipped(name: string): string {
  return name.slice(0, MAX_TARGET_LENGTH);
}

function text(params: Params, key: string): string {
  const value = params[key];
  if (typeof value === 'string') return value;
  throw new InvalidInput(`params.${key} must be a text`, [
    { path: `/params/${key}`, message: 'must be a text' },
  ]);
}

/** The fields of a call that is made again with answers (MCP 2026-07-28, "Multi Round-Trip Requests"). */
function checkRounds({ inputResponses, requestState }: Params, era: Era): void {
  if (era.name === 'legacy') return;
  const answers =
    inputResponses === undefined ||
    (isRecord(inputResponses) && Object.values(inputResponses).every(isRecord));
  if (answers && (requestState === undefined || typeof requestState === 'string')) return;
  const [name, shape] = answers ? ['requestState', 'a text'] : ['inputResponses', 'an object of objects'];
  const fault = { path: `/params/${name}`, message: `must be ${shape}` };
  throw new InvalidInput(`params.${name} must be ${shape}`, [fault]);
}

function argumentsOf(params: Params): Params {
  const given = params['arguments'] ?? {};
  if (isRecord(given)) return given;
  const fault = { path: '/params/arguments', message: 'must be an object' };
  throw new InvalidInput('params.arguments must be an object', [fault]);
}
