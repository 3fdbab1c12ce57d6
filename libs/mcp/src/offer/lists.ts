import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import { mayCall } from '#rbac';
import { inputSchemaOf, schemaOf } from '#validation';
import type { Era } from '../wire/era.ts';
import { resultJson } from '../wire/json-rpc.ts';
import { Catalogue, type OfferedPrompt, type OfferedResource, type OfferedTool } from './catalogue.ts';
import type { Declared } from './declared-handlers.ts';

export type ListName = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

/** Lists change with the program, and with what a role is granted: with a restart, that is. */
const HINT = { ttlMs: 300_000, cacheScope: 'private' } as const;

/** The lists of what is on offer, as JSON text, each made once for a role and an era. Each shows what its caller may use. */
@Injectable()
export class Lists {
  readonly #texts = new Map<string, string>();

  constructor(private readonly catalogue: Catalogue) {}

  /** The JSON text of the result of a list method. */
  json(name: ListName, principal: Principal | undefined, era: Era): string {
    const key = `${name} ${principal?.role ?? ''} ${era.name}`;
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = resultJson({ [name]: this.#list(name, principal) }, era, HINT);
      this.#texts.set(key, text);
    }
    return text;
  }

  #list(name: ListName, principal: Principal | undefined): unknown[] {
    const { tools, prompts, resources, templates } = this.catalogue;
    const visible = <T>(all: Iterable<Declared<T>>) =>
      [...all].filter(({ handler }) => mayCall(principal, handler.operation));
    if (name === 'tools') return visible(tools.values()).map(shownTool);
    if (name === 'prompts') return visible(prompts.values()).map(shownPrompt);
    return visible((name === 'resources' ? resources : templates).values()).map(shownResource);
  }
}

function shownTool({ options, handler: { operation } }: OfferedTool): object {
  const { name, title, description, output, annotations } = options;
  return {
    name,
    title,
    description,
    inputSchema: inputSchemaOf(operation),
    outputSchema: output && schemaOf(output),
    annotations,
  };
}

function shownPrompt({ options }: OfferedPrompt): object {
  const { name, title, description, input } = options;
  const { properties = {}, required = [] } = (input ? schemaOf(input) : {}) as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  const args = Object.entries(properties).map(([argument, schema]) => ({
    name: argument,
    description: schema.description,
    required: required.includes(argument),
  }));
  return { name, title, description, arguments: args };
}

function shownResource({ options }: OfferedResource): object {
  const { uri, uriTemplate, name, title, description, mimeType } = options;
  return { uri, uriTemplate, name, title, description, mimeType };
}
