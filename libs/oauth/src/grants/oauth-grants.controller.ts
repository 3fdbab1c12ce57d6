import { Controller, Delete, Get } from '@nestjs/common';
import { CurrentCall, Input, Operation, type Call } from '#call';
import { listedView, viewOf, type OAuthGrantListView, type OAuthGrantView } from './oauth-grant.view.ts';
import { ListOAuthGrants, NamedOAuthGrant } from './oauth-grants.dto.ts';
import { OAuthGrants } from './oauth-grants.ts';

/** `/admin/oauth/grants`: what persons have allowed clients. */
@Controller('admin/oauth/grants')
export class OAuthGrantsController {
  constructor(private readonly grants: OAuthGrants) {}

  @Get()
  @Operation({ name: 'oauth.grants.list', permission: 'oauth:read', input: ListOAuthGrants })
  async list(
    @Input() { client_id: clientId, subject, skip = 0, limit = 100 }: ListOAuthGrants,
  ): Promise<OAuthGrantListView> {
    const { grants, total } = await this.grants.list({ clientId, subject }, { skip, limit });
    return { grants: grants.map(listedView), total, skip, limit };
  }

  @Delete(':id')
  @Operation({
    name: 'oauth.grants.revoke',
    permission: 'oauth:write',
    input: NamedOAuthGrant,
    event: 'oauth_grant_revoked',
  })
  async revoke(@Input() { id }: NamedOAuthGrant, @CurrentCall() call: Call): Promise<OAuthGrantView> {
    const grant = await this.grants.revoke(id);
    call.note('oauth_client', grant.clientId.slice(0, 256));
    call.note('subject_user', grant.subject);
    return viewOf(grant);
  }
}
