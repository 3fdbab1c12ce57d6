import type { Permission, Role } from '#call';
import { isGranted, needsSecondFactor, permissions } from '#rbac';

export type GrantType = 'authorization_code' | 'client_credentials' | 'refresh_token';

/** What of RFC 7591 is kept of a client. */
export interface ClientMetadata {
  readonly client_name: string;
  readonly grant_types: readonly GrantType[];
  readonly response_types: readonly string[];
  readonly redirect_uris: readonly string[];
  readonly token_endpoint_auth_method: 'client_secret_basic' | 'client_secret_post' | 'none';
  readonly application_type: 'native' | 'web';
  readonly scope: string;
}

/** A program that may ask for tokens, for itself or on behalf of a person. */
export interface OAuthClient {
  readonly id: string;
  readonly name: string;
  /** What it may be at most where it acts for itself; on behalf of a person, that person's role counts. */
  readonly role: Role;
  readonly secretDigest: string | undefined;
  readonly metadata: ClientMetadata;
  /** It has registered itself, so it acts on behalf of persons only. */
  readonly registered: boolean;
  readonly createdAt: Date;
  readonly createdBy: string;
}

/** What a client that nobody here has vouched for may ask a person for: nothing that lets others in, or the person out. */
export const scopesOfStrangers: readonly Permission[] = (permissions as readonly Permission[]).filter(
  (permission) => !needsSecondFactor.has(permission) && permission !== 'account:use',
);

/** What a client may get for itself: its scopes, as far as its role has them. */
export function ownScopes({ role, metadata: { scope } }: OAuthClient): Permission[] {
  return permissionsIn(scope).filter((permission) => isGranted(role, permission));
}

/** The permissions among the scopes of a text (RFC 6749, section 3.3). */
export function permissionsIn(scope: string): Permission[] {
  const named = new Set(scope.split(' '));
  return (permissions as readonly Permission[]).filter((permission) => named.has(permission));
}
