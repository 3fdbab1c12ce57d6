import type { Role } from '#call';
import type { OAuthClient } from './oauth-client.ts';

/** What may be told of a client. */
export interface OAuthClientView {
  client_id: string;
  name: string;
  role: Role;
  scopes: readonly string[];
  grant_types: readonly string[];
  redirect_uris: readonly string[];
  public: boolean;
  registered: boolean;
  created_at: string;
  created_by: string;
}

export interface IssuedOAuthClientView extends OAuthClientView {
  /** Told this once. */
  client_secret?: string;
}

export interface OAuthClientListView {
  clients: OAuthClientView[];
  total: number;
  skip: number;
  limit: number;
}

export function viewOf({ id, name, role, metadata, registered, ...client }: OAuthClient): OAuthClientView {
  return {
    client_id: id,
    name,
    role,
    scopes: metadata.scope.split(' '),
    grant_types: metadata.grant_types,
    redirect_uris: metadata.redirect_uris,
    public: metadata.token_endpoint_auth_method === 'none',
    registered,
    created_at: client.createdAt.toISOString(),
    created_by: client.createdBy,
  };
}
