import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { InvalidInput } from '#errors';
import { maySee } from '#rbac';
import { inputSchemaOf, schemaOf } from '#validation';
import { mcpConfig } from '../mcp.config.ts';
import type { Era } from '../wire/era.ts';
import { resultJson } from '../wire/json-rpc.ts';
import { Catalogue, type OfferedPrompt, type OfferedResource, type OfferedTool } from './catalogue.ts';
import type { Declared } from './declared-handlers.ts';

export type ListName = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

/** Lists change with the program, and with what a role is granted, which clients that listen are told. */
const HINT = { ttlMs: 300_000, cacheScope: 'private' } as const;

/** The lists of what is on offer, each page made once for a role and an era. Each shows what its caller may use. */
@Injectable()
export class Lists {
  readonly #texts = new Map<string, string>();
  readonly #pageSize: number;

  constructor(
    private readonly catalogue: Catalogue,
    @Inject(mcpConfig.KEY) config: ConfigOf<typeof mcpConfig>,
  ) {
    this.#pageSize = config.listPageSize;
  }

  /** The JSON text of the result of a list method. Throws INVALID_INPUT for a cursor that was never given out. */
  json(
    name: ListName,
    cursor: unknown,
    { principal, era }: { principal: Principal | undefined; era: Era },
  ): string {
    const start = cursor === undefined ? 0 : this.#startOf(name, cursor, principal);
    const key = `${name} ${principal?.role ?? ''} ${era.name} ${start}`;
    let text = this.#texts.get(key);
    if (text === undefined) {
      const all = this.#visible(name, principal);
      const end = start + this.#pageSize;
      const page = all.slice(start, end).map(({ shown }) => shown);
      const last = all[end - 1];
      const nextCursor = end < all.length && last ? cursorAfter(name, last.key) : undefined;
      text = resultJson({ [name]: page, nextCursor }, era, HINT);
      this.#texts.set(key, text);
    }
    return text;
  }

  /** Other things are on offer than before. */
  forget(): void {
    this.#texts.clear();
  }

  /** The place after the one that the cursor names: it still means the same when the list has changed before it. */
  #startOf(name: ListName, cursor: unknown, principal: Principal | undefined): number {
    const all = this.#visible(name, principal);
    const index = all.findIndex(({ key }) => cursorAfter(name, key) === cursor);
    if (index >= 0) return index + 1;
    throw new InvalidInput('Invalid cursor', [{ path: '/cursor', message: 'is none that was given out' }]);
  }

  #visible(name: ListName, principal: Principal | undefined): { key: string; shown: object }[] {
    const { tools, prompts, resources, templates } = this.catalogue;
    const visible = <T extends Declared<unknown>>(all: Iterable<T>, show: (one: T) => object) =>
      [...all]
        .filter(({ handler }) => maySee(principal, handler.operation))
        .map((one) => ({ key: one.place, shown: show(one) }));
    if (name === 'tools') return visible(tools.values(), shownTool);
    if (name === 'prompts') return visible(prompts.values(), shownPrompt);
    return visible((name === 'resources' ? resources : templates).values(), shownResource);
  }
}

/** Opaque to clients. */
function cursorAfter(name: ListName, key: string): string {
  return hash('sha256', `${name} ${key}`, 'base64url').slice(0, 22);
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
