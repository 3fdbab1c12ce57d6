import { Injectable } from '@nestjs/common';
import { Operation } from '#call';
import { InvalidInput, type Fault } from '#errors';
import { Method } from '../declare/method.decorator.ts';
import { Catalogue } from '../offer/catalogue.ts';
import { eraNamed, newestLegacy, revisions } from '../wire/era.ts';
import { isRecord, type Params } from '../wire/message.ts';
import { instructions, serverInfo, type Capability } from '../wire/server-info.ts';
import type { ServerCapabilities } from '../wire/wire-types.ts';
import type { ProtocolRequest, ProtocolResult } from './protocol-request.ts';

const capabilities = ['tools', 'resources', 'prompts'] as const satisfies readonly Capability[];
const DISCOVERY_TTL_MS = 3_600_000;

/** How a client gets to know the server, in both eras. */
@Injectable()
export class LifecycleMethods {
  constructor(private readonly catalogue: Catalogue) {}

  @Method({ method: 'server/discover', era: 'modern' })
  @Operation({ name: 'mcp.discover', permission: 'mcp:use' })
  discover(): ProtocolResult {
    return {
      supportedVersions: revisions,
      capabilities: this.#capabilities(),
      instructions,
      ttlMs: DISCOVERY_TTL_MS,
      cacheScope: 'public',
    };
  }

  /** A revision that is not spoken here is answered with one that is (MCP 2025-11-25, "Version Negotiation"). */
  @Method({ method: 'initialize', era: 'legacy' })
  @Operation({ name: 'mcp.initialize', permission: 'mcp:use' })
  initialize({ params }: ProtocolRequest): ProtocolResult {
    const faults = handshakeFaults(params);
    if (faults.length > 0) throw new InvalidInput('The initialize request is not complete', faults);
    const wanted = eraNamed(params['protocolVersion']);
    const { revision } = wanted?.name === 'legacy' ? wanted : newestLegacy;
    return { protocolVersion: revision, capabilities: this.#capabilities(), serverInfo, instructions };
  }

  @Method({ method: 'ping', era: 'legacy' })
  @Operation({ name: 'mcp.ping', permission: 'mcp:use' })
  ping(): ProtocolResult {
    return {};
  }

  #capabilities(): ServerCapabilities {
    return Object.fromEntries(
      capabilities.filter((one) => this.catalogue.offers(one)).map((one) => [one, {}]),
    );
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
