import { Controller, Delete, Get, Inject, Post } from '@nestjs/common';
import { callerOf, CurrentCall, Input, Operation, type Call } from '#call';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { viewOf as viewOfKey, type SigningKeyView } from '../keys/signing-key.ts';
import { SigningKeys } from '../keys/signing-keys.ts';
import { oauthConfig } from '../oauth.config.ts';
import {
  viewOf,
  type IssuedOAuthClientView,
  type OAuthClientListView,
  type OAuthClientView,
} from './oauth-client.view.ts';
import { OAuthClients, type IssuedClient } from './oauth-clients.ts';
import {
  CreateOAuthClient,
  ListOAuthClients,
  NamedOAuthClient,
  RotateSigningKeys,
} from './oauth-clients.dto.ts';

export interface SigningKeyListView {
  keys: SigningKeyView[];
}

/** `/admin/oauth`: who may ask the embedded authorization server for tokens, and what signs them. */
@Controller('admin/oauth')
export class OAuthAdminController {
  constructor(
    private readonly clients: OAuthClients,
    private readonly keys: SigningKeys,
    @Inject(oauthConfig.KEY) private readonly config: ConfigOf<typeof oauthConfig>,
  ) {}

  @Post('clients')
  @Operation({
    name: 'oauth.clients.create',
    permission: 'oauth:write',
    input: CreateOAuthClient,
    event: 'oauth_client_created',
    revealsSecret: true,
  })
  async create(@Input() input: CreateOAuthClient, @CurrentCall() call: Call): Promise<IssuedOAuthClientView> {
    this.#requireEmbedded();
    const {
      name,
      role = 'service',
      scopes,
      redirect_uris: redirectUris = [],
      public: isPublic = false,
    } = input;
    const order = { name, role, scopes, redirectUris, isPublic };
    return issued(await this.clients.create(order, callerOf(call)), call);
  }

  @Get('clients')
  @Operation({ name: 'oauth.clients.list', permission: 'oauth:read', input: ListOAuthClients })
  async list(@Input() { skip = 0, limit = 100 }: ListOAuthClients): Promise<OAuthClientListView> {
    const { clients, total } = await this.clients.list({ skip, limit });
    return { clients: clients.map(viewOf), total, skip, limit };
  }

  @Post('clients/:id/rotate-secret')
  @Operation({
    name: 'oauth.clients.rotate-secret',
    permission: 'oauth:write',
    input: NamedOAuthClient,
    event: 'oauth_client_secret_rotated',
    revealsSecret: true,
  })
  async rotateSecret(
    @Input() { id }: NamedOAuthClient,
    @CurrentCall() call: Call,
  ): Promise<IssuedOAuthClientView> {
    this.#requireEmbedded();
    return issued(await this.clients.rotateSecret(id, callerOf(call)), call);
  }

  @Delete('clients/:id')
  @Operation({
    name: 'oauth.clients.delete',
    permission: 'oauth:write',
    input: NamedOAuthClient,
    event: 'oauth_client_deleted',
  })
  async delete(@Input() { id }: NamedOAuthClient, @CurrentCall() call: Call): Promise<OAuthClientView> {
    call.note('oauth_client', id);
    return viewOf(await this.clients.delete(id));
  }

  @Get('keys')
  @Operation({ name: 'oauth.keys.list', permission: 'oauth:read' })
  async listKeys(): Promise<SigningKeyListView> {
    this.#requireEmbedded();
    const keys = await this.keys.all();
    return { keys: keys.map((key) => viewOfKey(key, keys)) };
  }

  @Post('keys/rotate')
  @Operation({
    name: 'oauth.keys.rotate',
    permission: 'oauth:write',
    input: RotateSigningKeys,
    event: 'oauth_keys_rotated',
  })
  async rotateKeys(
    @Input() { compromised }: RotateSigningKeys,
    @CurrentCall() call: Call,
  ): Promise<SigningKeyListView> {
    this.#requireEmbedded();
    const keys = await this.keys.rotate({ compromised });
    call.note('kid', keys[0]!.kid);
    return { keys: keys.map((key) => viewOfKey(key, keys)) };
  }

  #requireEmbedded(): void {
    if (this.config.externalIssuer === undefined) return;
    throw new GatehouseError(
      'CONFLICT',
      'OIDC_ISSUER names an external issuer: clients and keys are its own',
    );
  }
}

function issued({ client, secret }: IssuedClient, call: Call): IssuedOAuthClientView {
  call.note('oauth_client', client.id);
  return { ...viewOf(client), ...(secret !== undefined && { client_secret: secret }) };
}
