import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { cachedOptionsOf } from '#cache';
import { DeclarationError } from '#call';
import { schemaOf } from '#validation';
import { taskFault } from '../declare/task-declaration.ts';
import { PROMPT, type PromptOptions } from '../declare/prompt.decorator.ts';
import { RESOURCE, type ResourceOptions } from '../declare/resource.decorator.ts';
import { TOOL, type ToolOptions } from '../declare/tool.decorator.ts';
import { mirroredParams, type MirroredParam } from '../wire/mirrored-params.ts';
import type { Capability } from '../wire/server-info.ts';
import { DeclaredHandlers, type Declared } from './declared-handlers.ts';
import { UriTemplate, type Variables } from './uri-template.ts';

export interface OfferedTool extends Declared<ToolOptions> {
  /** Its parameters that clients repeat in headers. */
  readonly mirrored?: readonly MirroredParam[] | undefined;
}
export type OfferedResource = Declared<ResourceOptions>;
export type OfferedPrompt = Declared<PromptOptions>;

/** MCP 2026-07-28, "Tool Names". */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** All that is on offer: the tools, resources and prompts of this program, found once at start. */
@Injectable()
export class Catalogue implements OnModuleInit {
  tools: ReadonlyMap<string, OfferedTool> = new Map();
  prompts: ReadonlyMap<string, OfferedPrompt> = new Map();
  /** By URI. */
  resources: ReadonlyMap<string, OfferedResource> = new Map();
  templates: ReadonlyMap<UriTemplate, OfferedResource> = new Map();

  constructor(private readonly handlers: DeclaredHandlers) {}

  onModuleInit(): void {
    const tools = this.handlers.find<ToolOptions>(TOOL).map(checkedTool);
    this.tools = byKey('tool', tools, ({ options }) => options.name);
    this.prompts = byKey('prompt', this.handlers.find<PromptOptions>(PROMPT), ({ options }) => options.name);
    const resources = this.handlers.find<ResourceOptions>(RESOURCE);
    const fixed = resources.filter(({ options }) => options.uri !== undefined);
    this.resources = byKey('resource', fixed, ({ options }) => options.uri as string);
    const templates = resources.filter(({ options }) => options.uriTemplate !== undefined);
    const byTemplate = byKey('resource template', templates, ({ options }) => options.uriTemplate as string);
    this.templates = new Map([...byTemplate].map(([text, offered]) => [templateOf(text, offered), offered]));
  }

  offers(capability: Capability): boolean {
    if (capability === 'resources') return this.resources.size + this.templates.size > 0;
    if (capability === 'completions') return this.prompts.size + this.templates.size > 0;
    if (capability === 'tasks') return [...this.tools.values()].some(({ options }) => options.task);
    return this[capability].size > 0;
  }

  /** The resource that a URI names, and the variables of its template. */
  resourceAt(uri: string): { offered: OfferedResource; variables: Variables } | undefined {
    const fixed = this.resources.get(uri);
    if (fixed) return { offered: fixed, variables: {} };
    for (const [template, offered] of this.templates) {
      const variables = template.match(uri);
      if (variables) return { offered, variables };
    }
    return undefined;
  }
}

/** @throws DeclarationError that says why a tool can't be shown. That its input can be enforced is checked with its operation. */
function checkedTool(tool: Declared<ToolOptions>): OfferedTool {
  const { options, place } = tool;
  const { name, input, output, task, revealsSecret } = options;
  if (!TOOL_NAME.test(name))
    throw new DeclarationError(`${place}: ${name} is no tool name: ${TOOL_NAME.source}`);
  if (output) schemaOf(output);
  const fault = task && taskFault(task, revealsSecret);
  if (fault) throw new DeclarationError(`${place}: ${fault}`);
  if (options.task && cachedOptionsOf(methodOf(tool)))
    throw new DeclarationError(`${place} runs as a task, so it can't be @Cached: a task is its caller's own`);
  try {
    const mirrored = input && mirroredParams(schemaOf(input));
    return mirrored?.length ? { ...tool, mirrored } : tool;
  } catch (error) {
    throw new DeclarationError(`${place}: ${(error as Error).message}`, { cause: error });
  }
}

function methodOf({ instance, methodName }: Declared<ToolOptions>): object {
  return (instance as Record<string, object>)[methodName]!;
}

/** In the order of their keys, so that clients and models meet the same list in every process. */
function byKey<T extends Declared<unknown>>(
  kind: string,
  all: readonly T[],
  keyOf: (one: T) => string,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const one of [...all].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const other = found.get(keyOf(one));
    if (other)
      throw new DeclarationError(
        `Two methods offer the ${kind} ${keyOf(one)}: ${other.place} and ${one.place}`,
      );
    found.set(keyOf(one), one);
  }
  return found;
}

function templateOf(text: string, { options, place }: OfferedResource): UriTemplate {
  try {
    const template = new UriTemplate(text);
    const { properties = {} } = schemaOf(options.input as Type) as { properties?: object };
    const stray = template.variables.find((name) => !Object.hasOwn(properties, name));
    if (stray) throw new Error(`${text} has {${stray}}, which is no field of its input`);
    return template;
  } catch (error) {
    throw new DeclarationError(`${place}: ${(error as Error).message}`, { cause: error });
  }
}
