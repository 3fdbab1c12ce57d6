import { hash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { roles, type Permission, type Principal, type Role } from '#call';
import { Authority, type CredentialForm, type Verdict } from '#identity';
import { permissionsIn } from '../clients/oauth-client.ts';
import type { Resources } from '../resources.ts';
import { ACCESS_TOKEN_TYPE, faultOf, NOT_YET, TOLERANCE_SECONDS } from '../server/own-tokens.ts';
import { OAUTH_KEY } from '../server/token-standing.ts';
import { IssuerKeys, type IssuerPauses } from './issuer-keys.ts';
import { formOfToken } from './token-form.ts';
import { provenBy, refusedFor } from './token-verdict.ts';

/** Signatures by a key pair, never by a secret that the public key could be taken for (RFC 8725, section 3.1). */
const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];
const MAX_NAME = 100;
/** Several factors, or one that is never the only one. */
const SECOND_FACTORS = new Set(['mfa', 'otp']);

export interface ExternalIssuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly roleClaim: string;
  readonly plainJwtsAllowed: boolean;
  /** For how long a second factor counts once it was shown. */
  readonly secondFactorMinutes: number;
}

/** Access tokens of the issuer that OIDC_ISSUER names. Whether they were revoked since, only it knows: they live short. */
export class ExternalAuthority extends Authority {
  override readonly credential = 'token';
  readonly #options: ExternalIssuer;
  readonly #resources: Pick<Resources, 'api' | 'mcp'>;
  readonly #keys: IssuerKeys;

  constructor(options: ExternalIssuer, resources: Pick<Resources, 'api' | 'mcp'>, pauses: IssuerPauses = {}) {
    super();
    this.#options = options;
    this.#resources = resources;
    this.#keys = new IssuerKeys(options.issuer, pauses);
  }

  get #types(): readonly string[] {
    return this.#options.plainJwtsAllowed ? [ACCESS_TOKEN_TYPE, 'jwt'] : [ACCESS_TOKEN_TYPE];
  }

  override formOf(token: string): CredentialForm {
    return formOfToken(token, this.#types);
  }

  override async judge(token: string, askedAt: number): Promise<Verdict> {
    const { issuer, audiences } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keys.keyFor, {
        algorithms: ALGORITHMS,
        issuer,
        audience: audiences.length > 0 ? [...audiences] : [this.#resources.api, this.#resources.mcp],
        requiredClaims: ['sub', 'exp'],
        clockTolerance: TOLERANCE_SECONDS,
      });
      if ((payload.iat ?? 0) > Date.now() / 1000 + TOLERANCE_SECONDS)
        return { ...refusedFor('future-dated', askedAt), passing: true };
      return this.#proven(token, payload, askedAt);
    } catch (error) {
      // It was good once: its bearer is told that its time is over, and guesses nothing.
      if (error instanceof errors.JWTExpired) return this.#proven(token, error.payload, askedAt);
      // The issuer may have made it a moment ago, and by a clock that is ahead of ours.
      if (error instanceof errors.JWKSNoMatchingKey)
        return { ...refusedFor('unknown-key', askedAt), passing: true };
      if (error instanceof errors.JOSEError) {
        const fault = faultOf(error);
        return { ...refusedFor(fault, askedAt), ...(fault === NOT_YET && { passing: true }) };
      }
      throw error;
    }
  }

  override vouchesFor({ keyId }: Principal): boolean {
    return keyId.startsWith(OAUTH_KEY);
  }

  /** There is nobody to ask about it without the token, so what was begun with it ends with its time. */
  override async renew(principal: Principal, askedAt: number): Promise<Verdict> {
    const expiresAt = Number(principal.keyId.split(':').at(-1)) * 1000;
    if (!(expiresAt > 0)) return refusedFor('unknown', askedAt);
    // What a person has shown then is not shown now.
    const now = principal.secondFactor ? { ...principal, secondFactor: false } : principal;
    return provenBy(now, askedAt, expiresAt);
  }

  #proven(token: string, payload: JWTPayload, askedAt: number): Verdict {
    const role = this.#roleOf(payload);
    if (role === undefined) return refusedFor('unknown-role', askedAt);
    const { sub, exp = 0, name, client_id: client } = payload;
    if (typeof sub !== 'string' || sub === '') return refusedFor('claims-missing', askedAt);
    const shown = [name, client, sub].find((text) => typeof text === 'string' && text !== '') as string;
    const principal: Principal = Object.freeze({
      // No more of it than fits everywhere, and the same person's always.
      id: `oidc:${sub.length <= 128 ? sub : hash('sha256', sub, 'base64url')}`,
      name: shown.slice(0, MAX_NAME),
      role,
      tier: undefined,
      keyId: `${OAUTH_KEY}${hash('sha256', token, 'base64url').slice(0, 22)}:${exp}`,
      scopes: scopesOf(payload),
      ...(client !== sub && { secondFactor: this.#hasSecondFactor(payload) }),
    });
    return provenBy(principal, askedAt, exp * 1000);
  }

  /**
   * Of everybody but a program that acts for itself, whose subject is the client (RFC 9068, section 2.2): whether the issuer
   * says that a second factor was shown (RFC 8176), and that it is not long ago.
   */
  #hasSecondFactor({ amr, auth_time: shownAt }: JWTPayload): boolean {
    const isShown = Array.isArray(amr) && amr.some((method) => SECOND_FACTORS.has(method as string));
    if (!isShown || typeof shownAt !== 'number') return false;
    return Date.now() / 1000 < shownAt + this.#options.secondFactorMinutes * 60;
  }

  /** Absent: a program's. One that is not known here may mean anything, so it is nobody's. */
  #roleOf(payload: JWTPayload): Role | undefined {
    const claim = payload[this.#options.roleClaim];
    if (claim === undefined) return 'service';
    const named = [claim].flat().filter((role) => roles.includes(role as Role)) as Role[];
    return named.length === 1 ? named[0] : undefined;
  }
}

/** RFC 9068, section 2.2.3; `scp` is how others write it. Without either, there are none. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<Permission> {
  const named = scope ?? scp;
  if (typeof named === 'string') return new Set(permissionsIn(named));
  return new Set(permissionsIn(Array.isArray(named) ? named.join(' ') : ''));
}
