import { Controller, Get } from '@nestjs/common';
import { Operation } from '#call';
import { permissions } from '#rbac';
import {
  MCP_SCOPE,
  METADATA_PATH,
  ProtectedResourceMetadata,
  type ProtectedResource,
} from './protected-resource.ts';

/** Says to a client that was refused what it may ask for (RFC 9728). Public: it names no secret and no person. */
@Controller(METADATA_PATH)
export class ProtectedResourceController {
  constructor(private readonly metadata: ProtectedResourceMetadata) {}

  @Get()
  @Operation({ name: 'metadata.api', public: true, audit: 'refusals' })
  api(): ProtectedResource {
    return this.metadata.describe('', permissions);
  }

  /**
   * What everybody may have, and no more: a client that was told of no scope asks for all that stand here, and is told of
   * others when a call needs them (MCP, "Scope Selection Strategy").
   */
  @Get('mcp')
  @Operation({ name: 'metadata.mcp', public: true, audit: 'refusals' })
  mcp(): ProtectedResource {
    return this.metadata.describe('/mcp', [MCP_SCOPE]);
  }
}
