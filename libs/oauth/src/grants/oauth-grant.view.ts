import type { Grant } from './grant-store.ts';
import type { StandingGrant } from './oauth-grants.ts';

/** What may be told of a grant. Times are ISO 8601. */
export interface OAuthGrantView {
  id: string;
  client_id: string;
  /** Id of the person who has allowed it. */
  subject: string;
  scopes: readonly string[];
  created_at: string;
  expires_at: string;
}

export interface ListedGrantView extends OAuthGrantView {
  /** `void`: the person has got another role or password since, or may not log in, so its tokens open nothing. */
  state: 'active' | 'void';
}

/** One page of the grants, the youngest first. */
export interface OAuthGrantListView {
  grants: ListedGrantView[];
  total: number;
  skip: number;
  limit: number;
}

export function viewOf({ id, clientId, subject, scopes, createdAt, expiresAt }: Grant): OAuthGrantView {
  return {
    id,
    client_id: clientId,
    subject,
    scopes,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  };
}

export function listedView({ grant, stands }: StandingGrant): ListedGrantView {
  return { ...viewOf(grant), state: stands ? 'active' : 'void' };
}
