import { Controller, Delete, Get, Post } from '@nestjs/common';
import { callerOf, CurrentCall, Input, Operation, type Call } from '#call';
import { viewOf, type ApiKeyView, type IssuedKeyView, type KeyListView } from './api-key.view.ts';
import { CreateKey, ListKeys, RevokeKey, RotateKey } from './api-keys.dto.ts';
import { ApiKeys, type IssuedKey } from './api-keys.service.ts';

/** `/admin/keys`: who may call Gatehouse. */
@Controller('admin/keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Post()
  @Operation({
    name: 'keys.create',
    permission: 'keys:write',
    input: CreateKey,
    event: 'api_key_created',
    revealsSecret: true,
  })
  async create(@Input() input: CreateKey, @CurrentCall() call: Call): Promise<IssuedKeyView> {
    const { expires_in_days: expiresInDays, ...order } = input;
    return issued(await this.keys.create({ ...order, expiresInDays }, callerOf(call)), call);
  }

  @Get()
  @Operation({ name: 'keys.list', permission: 'keys:read', input: ListKeys })
  async list(@Input() { skip = 0, limit = 100 }: ListKeys): Promise<KeyListView> {
    const { keys, total } = await this.keys.list({ skip, limit });
    return { keys: keys.map(viewOf), total, skip, limit };
  }

  @Post(':id/rotate')
  @Operation({
    name: 'keys.rotate',
    permission: 'keys:write',
    input: RotateKey,
    event: 'api_key_rotated',
    revealsSecret: true,
  })
  async rotate(@Input() input: RotateKey, @CurrentCall() call: Call): Promise<IssuedKeyView> {
    const { id, overlap_hours: overlapHours, expires_in_days: expiresInDays } = input;
    return issued(await this.keys.rotate(id, { overlapHours, expiresInDays }, callerOf(call)), call);
  }

  @Delete(':id')
  @Operation({ name: 'keys.revoke', permission: 'keys:write', input: RevokeKey, event: 'api_key_revoked' })
  async revoke(@Input() { id, force }: RevokeKey, @CurrentCall() call: Call): Promise<ApiKeyView> {
    call.note('subject_key', id);
    return viewOf(await this.keys.revoke(id, { force }, callerOf(call)));
  }
}

function issued({ key, secret }: IssuedKey, call: Call): IssuedKeyView {
  call.note('subject_key', key.id);
  call.note('subject_role', key.role);
  if (key.rotatedFrom) call.note('rotated_from', key.rotatedFrom);
  return { ...viewOf(key), key: secret };
}
