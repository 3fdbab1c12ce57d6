import { Controller, Get } from '@nestjs/common';
import { Operation } from '#call';
import { permissions } from '#rbac';
import { METADATA_PATH, ProtectedResourceMetadata, type ProtectedResource } from './protected-resource.ts';

/** Says to a client that was refused what it may ask for (RFC 9728). Public: it names no secret and no person. */
@Controller(METADATA_PATH)
export class ProtectedResourceController {
  constructor(private readonly metadata: ProtectedResourceMetadata) {}

  @Get()
  @Operation({ name: 'metadata.api', public: true, audit: 'refusals' })
  api(): ProtectedResource {
    return this.metadata.describe('', permissions);
  }

  @Get('mcp')
  @Operation({ name: 'metadata.mcp', public: true, audit: 'refusals' })
  mcp(): ProtectedResource {
    return this.metadata.describe('/mcp', permissions);
  }
}
