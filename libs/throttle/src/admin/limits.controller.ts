import { Controller, Delete, Get } from '@nestjs/common';
import { CurrentCall, Input, Operation, type Call } from '#call';
import { ClientLimits, type ClientLimitsView } from './client-limits.service.ts';
import { LimitsOfClient } from './limits.dto.ts';

/** `/admin/limits/{client}`: how much a client has used up, and a fresh start for it. */
@Controller('admin/limits')
export class LimitsController {
  constructor(private readonly limits: ClientLimits) {}

  @Get(':client')
  @Operation({ name: 'limits.read', permission: 'limits:read', input: LimitsOfClient })
  read(@Input() { client }: LimitsOfClient): Promise<ClientLimitsView> {
    return this.limits.read(client);
  }

  @Delete(':client')
  @Operation({
    name: 'limits.reset',
    permission: 'limits:write',
    input: LimitsOfClient,
    event: 'limits_reset',
  })
  reset(@Input() { client }: LimitsOfClient, @CurrentCall() call: Call): Promise<ClientLimitsView> {
    call.note('subject_client', client);
    return this.limits.reset(client);
  }
}
