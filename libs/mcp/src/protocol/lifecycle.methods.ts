import { Injectable } from '@nestjs/common';
import { Operation, type Call } from '#call';
import { InvalidInput, type Fault } from '#errors';
import { Method } from '../declare/method.decorator.ts';
import { Catalogue } from '../offer/catalogue.ts';
import { eraNamed, newestLegacy, revisions, TASKS } from '../wire/era.ts';
import { isRecord, type Params } from '../wire/message.ts';
import { instructions, serverInfo, type Capability } from '../wire/server-info.ts';
import type { ServerCapabilities } from '../wire/wire-types.ts';
import { Sessions } from '../session/sessions.ts';
import type { ProtocolRequest, ProtocolResult } from './protocol-request.ts';

/** What is said of each thing on offer, where there is something of it. */
const declared = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  completions: {},
} as const satisfies Record<Exclude<Capability, 'tasks'>, object>;
const DISCOVERY_TTL_MS = 3_600_000;

/** How a client gets to know the server, in both eras. */
@Injectable()
export class LifecycleMethods {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly sessions: Sessions,
  ) {}

  @Method({ method: 'server/discover', era: 'modern' })
  @Operation({ name: 'mcp.discover', permission: 'mcp:use' })
  discover(): ProtocolResult {
    return {
      supportedVersions: revisions,
      capabilities: {
        ...this.#capabilities(),
        ...(this.catalogue.offers('tasks') && { extensions: { [TASKS]: {} } }),
      },
      instructions,
      ttlMs: DISCOVERY_TTL_MS,
      cacheScope: 'public',
    };
  }

  /**
   * A revision that is not spoken here is answered with one that is (MCP 2025-11-25, "Version Negotiation"). At a door
   * with headers, a session begins.
   */
  @Method({ method: 'initialize', era: 'legacy' })
  @Operation({ name: 'mcp.initialize', permission: 'mcp:use' })
  async initialize(request: ProtocolRequest, { principal }: Call): Promise<ProtocolResult> {
    const { params, exchange } = request;
    const faults = handshakeFaults(params);
    if (faults.length > 0) throw new InvalidInput('The initialize request is not complete', faults);
    const wanted = eraNamed(params['protocolVersion']);
    const { revision } = wanted?.name === 'legacy' ? wanted : newestLegacy;
    if (exchange.openStream && principal) {
      const capabilities = params['capabilities'] as Params;
      request.openedSession = await this.sessions.open(principal, { revision, capabilities });
    }
    return { protocolVersion: revision, capabilities: this.#capabilities(), serverInfo, instructions };
  }

  @Method({ method: 'ping', era: 'legacy' })
  @Operation({ name: 'mcp.ping', permission: 'mcp:use' })
  ping(): ProtocolResult {
    return {};
  }

  #capabilities(): ServerCapabilities {
    const offered = Object.entries(declared).filter(([one]) => this.catalogue.offers(one as Capability));
    return { ...Object.fromEntries(offered), logging: {} };
  }
}

function handshakeFaults({ protocolVersion, capabilities: offered, clientInfo }: Params): Fault[] {
  const faults: Fault[] = [];
  if (typeof protocolVersion !== 'string')
    faults.push({ path: '/protocolVersion', message: 'must be a text' });
  if (!isRecord(offered)) faults.push({ path: '/capabilities', message: 'must be an object' });
  if (!isRecord(clientInfo)) faults.push({ path: '/clientInfo', message: 'must be an object' });
  return faults;
}
