import { Injectable } from '@nestjs/common';
import { Operation, type Call } from '#call';
import { InvalidInput, NotFound } from '#errors';
import { requireMay } from '#rbac';
import { schemaOf, type JsonSchema } from '#validation';
import { Method } from '../declare/method.decorator.ts';
import { Catalogue, type OfferedPrompt, type OfferedResource } from '../offer/catalogue.ts';
import { isRecord } from '../wire/message.ts';
import type { ProtocolRequest, ProtocolResult } from './protocol-request.ts';

/** MCP, "Completion Results". */
const MOST_VALUES = 100;
const NOTHING = 'There is no such prompt or resource template';

/** What a person may want to write next: the values that the schema of an argument lists, as its enum or as examples. */
@Injectable()
export class CompletionMethods {
  constructor(private readonly catalogue: Catalogue) {}

  @Method({ method: 'completion/complete', capability: 'completions' })
  @Operation({ name: 'mcp.complete', permission: 'mcp:use' })
  complete({ params: { ref, argument } }: ProtocolRequest, call: Call): ProtocolResult {
    const { name, value } = isRecord(argument) ? argument : {};
    if (!isRecord(ref) || typeof name !== 'string' || typeof value !== 'string') {
      const fault = {
        path: isRecord(ref) ? '/argument' : '/ref',
        message: 'must be an object as the protocol has it',
      };
      throw new InvalidInput('What is to be completed is not well described', [fault]);
    }
    const schema = this.#inputOf(ref, call)?.properties?.[name];
    const known = valuesOf(schema).filter((one) => one.toLowerCase().startsWith(value.toLowerCase()));
    const values = known.slice(0, MOST_VALUES);
    return { completion: { values, total: known.length, hasMore: known.length > values.length } };
  }

  /** Throws NOT_FOUND for what is not there, or not for this principal. */
  #inputOf({ type, name, uri }: Readonly<Record<string, unknown>>, call: Call): JsonSchema | undefined {
    const offered =
      type === 'ref/prompt'
        ? this.catalogue.prompts.get(name as string)
        : [...this.catalogue.templates.values()].find(({ options }) => options.uriTemplate === uri);
    if (!offered) throw new NotFound(NOTHING);
    const { operation } = offered.handler;
    call.target = targetOf(offered.options);
    requireMay(call.principal, operation, NOTHING);
    return offered.options.input && schemaOf(offered.options.input);
  }
}

function valuesOf(schema: JsonSchema | undefined): string[] {
  const listed = schema?.enum ?? schema?.['examples'];
  return Array.isArray(listed) ? listed.filter((value): value is string => typeof value === 'string') : [];
}

function targetOf(options: OfferedPrompt['options'] | OfferedResource['options']): string {
  return 'uriTemplate' in options && options.uriTemplate ? options.uriTemplate : options.name;
}
