import { Injectable } from '@nestjs/common';
import { Operation, type Call } from '#call';
import { Method } from '../declare/method.decorator.ts';
import { Lists, type ListName } from '../offer/lists.ts';
import type { ProtocolRequest, ProtocolResult } from './protocol-request.ts';

/** What there is to call, read and get. A list comes in pages. */
@Injectable()
export class ListMethods {
  constructor(private readonly lists: Lists) {}

  @Method({ method: 'tools/list', capability: 'tools' })
  @Operation({ name: 'mcp.tools.list', permission: 'mcp:use' })
  tools(request: ProtocolRequest, call: Call): ProtocolResult {
    return this.#list('tools', request, call);
  }

  @Method({ method: 'prompts/list', capability: 'prompts' })
  @Operation({ name: 'mcp.prompts.list', permission: 'mcp:use' })
  prompts(request: ProtocolRequest, call: Call): ProtocolResult {
    return this.#list('prompts', request, call);
  }

  @Method({ method: 'resources/list', capability: 'resources' })
  @Operation({ name: 'mcp.resources.list', permission: 'mcp:use' })
  resources(request: ProtocolRequest, call: Call): ProtocolResult {
    return this.#list('resources', request, call);
  }

  @Method({ method: 'resources/templates/list', capability: 'resources' })
  @Operation({ name: 'mcp.resources.templates', permission: 'mcp:use' })
  resourceTemplates(request: ProtocolRequest, call: Call): ProtocolResult {
    return this.#list('resourceTemplates', request, call);
  }

  #list(name: ListName, { params, era }: ProtocolRequest, { principal }: Call): ProtocolResult {
    const text = this.lists.json(name, params['cursor'], { principal, era });
    // As a function, so that masking does not search a text of our own making, however long, at every call.
    return () => text;
  }
}
