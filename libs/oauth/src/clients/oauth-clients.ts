import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Permission, Principal, Role } from '#call';
import { AccessRefused, GatehouseError, InvalidInput, NotFound } from '#errors';
import { Pepper, requireRank, sameDigest, Verdicts } from '#identity';
import { holds, isGranted } from '#rbac';
import { ClientStore, type Page } from './client-store.ts';
import { permissionsIn, type ClientMetadata, type GrantType, type OAuthClient } from './oauth-client.ts';
import { applicationTypeOf, isClaimOfThisMachine, isSafeRedirect } from './redirect-uri.ts';

export interface ClientOrder {
  readonly name: string;
  readonly role: Role;
  readonly scopes: readonly Permission[];
  readonly redirectUris: readonly string[];
  /** It keeps no secret: a program on its user's machine, or a page. */
  readonly isPublic: boolean;
}

export interface IssuedClient {
  readonly client: OAuthClient;
  /** Told once; undefined of a public client. */
  readonly secret: string | undefined;
}

/** The clients that an administrator lets ask for tokens. */
@Injectable()
export class OAuthClients {
  constructor(
    private readonly store: ClientStore,
    private readonly pepper: Pepper,
    private readonly verdicts: Verdicts,
  ) {}

  /** One without redirect URIs acts for itself (client credentials), one with them for persons. @throws InvalidInput, AccessRefused */
  async create(order: ClientOrder, by: Principal): Promise<IssuedClient> {
    requireScopes(by, order.scopes);
    const isForItself = order.redirectUris.length === 0;
    if (isForItself) requireRank(by, { role: order.role, tier: by.tier }, 'clients');
    const metadata = metadataOf(order);
    const secret = order.isPublic ? undefined : newSecret();
    const client: OAuthClient = {
      id: randomUUID(),
      name: order.name,
      role: order.role,
      secretDigest: secret && this.digest(secret),
      metadata,
      registered: false,
      createdAt: new Date(),
      createdBy: by.id,
    };
    await this.store.insert(client, by);
    return { client, secret };
  }

  list(page: Page): Promise<{ clients: OAuthClient[]; total: number }> {
    return this.store.list(page);
  }

  /** The old secret is none any more; tokens that were issued for it live on, for their hour. @throws NotFound, AccessRefused */
  async rotateSecret(id: string, by: Principal): Promise<IssuedClient> {
    const client = await this.#find(id);
    requireScopes(by, permissionsIn(client.metadata.scope));
    if (!client.secretDigest) throw new GatehouseError('CONFLICT', 'A public client has no secret to rotate');
    const secret = newSecret();
    await this.store.setSecret(id, this.digest(secret), by);
    return { client, secret };
  }

  /** All of its tokens are void with it. @throws NotFound */
  async delete(id: string): Promise<OAuthClient> {
    const client = await this.#find(id);
    await this.store.delete(id);
    this.verdicts.forgetAllOf(`client:${id}`);
    return client;
  }

  digest(secret: string): string {
    return this.pepper.digest(`oauth client ${secret}`);
  }

  /** Whether this is the secret that the digest was made of. One of the pepper before is moved to that of now. */
  isSecret(shown: string, digest: string): boolean {
    const { current, former } = this.pepper.digests(`oauth client ${shown}`);
    if (sameDigest(digest, current)) return true;
    if (former === undefined || !sameDigest(digest, former)) return false;
    // Behind the call: where it fails, the next one does it.
    if (this.pepper.settled) this.store.moveSecret(former, current).catch(() => undefined);
    return true;
  }

  async #find(id: string): Promise<OAuthClient> {
    const client = await this.store.find(id);
    if (!client) throw new NotFound('There is no such OAuth client');
    return client;
  }
}

/** Whoever knows its secret is the client: a token of few scopes must not become one of more. */
function requireScopes(by: Principal, scopes: readonly Permission[]): void {
  const missing = scopes.find((scope) => !holds(by, scope));
  if (missing) throw new AccessRefused({ operation: 'A client with this scope', missing });
}

/** 256 random bits: a keyed hash of it suffices. */
function newSecret(): string {
  return `gs_${randomBytes(32).toString('base64url')}`;
}

function redirectFault(uri: string, all: readonly string[]): string | undefined {
  if (!isSafeRedirect(uri)) return 'must be https, of this machine, or of a scheme of its own';
  const isNative = all.every(isSafeRedirect) && applicationTypeOf(all) === 'native';
  return isNative && isClaimOfThisMachine(uri)
    ? 'must be http where it is of this machine and others are not https'
    : undefined;
}

function metadataOf({ name, role, scopes, redirectUris, isPublic }: ClientOrder): ClientMetadata {
  const forPersons = redirectUris.length > 0;
  const faults = [
    ...redirectUris.flatMap((uri, index) => {
      const message = redirectFault(uri, redirectUris);
      return message ? [{ path: `/redirect_uris/${index}`, message }] : [];
    }),
    ...(isPublic && !forPersons
      ? [
          {
            path: '/public',
            message: 'a client without a secret acts for persons only: name its redirect_uris',
          },
        ]
      : []),
    ...(forPersons
      ? []
      : scopes.flatMap((scope, index) =>
          isGranted(role, scope)
            ? []
            : [{ path: `/scopes/${index}`, message: `the role ${role} does not have it` }],
        )),
  ];
  if (faults.length > 0) throw new InvalidInput('The client does not fit its schema', faults);
  const grants: readonly GrantType[] = forPersons
    ? ['authorization_code', 'refresh_token']
    : ['client_credentials'];
  return {
    client_name: name,
    grant_types: grants,
    response_types: forPersons ? ['code'] : [],
    redirect_uris: redirectUris,
    token_endpoint_auth_method: isPublic ? 'none' : 'client_secret_basic',
    application_type: applicationTypeOf(redirectUris),
    scope: scopes.join(' '),
  };
}
