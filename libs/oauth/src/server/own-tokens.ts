import { createPublicKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { SIGNING_ALGORITHM } from '../keys/signing-key.ts';
import { SigningKeys } from '../keys/signing-keys.ts';
import { Resources } from '../resources.ts';

/** Clocks of replicas differ a little. */
export const TOLERANCE_SECONDS = 5;
export const ACCESS_TOKEN_TYPE = 'at+jwt';
export const NOT_YET = 'not-yet-valid';

/** What an access token of the embedded server says (RFC 9068). */
export interface OwnClaims extends JWTPayload {
  readonly sub: string;
  readonly jti: string;
  readonly exp: number;
  readonly iat: number;
  readonly client_id: string;
  readonly scope?: string;
  /** Of a person's token. */
  readonly grant_id?: string;
  readonly otp_at?: number;
}

/** What a token says, and a word for the audit trail where it says it in vain: of one whose time is over it says both. */
export interface Judged {
  readonly claims?: OwnClaims;
  readonly fault?: string;
  /** It may be good in a moment. */
  readonly passing?: true;
}

/** Checks access tokens of the embedded server by its own keys: nothing that a token says of its key is believed. */
@Injectable()
export class OwnTokens {
  readonly #imported = new Map<string, KeyObject>();

  constructor(
    private readonly keys: SigningKeys,
    private readonly resources: Resources,
  ) {}

  /** @param kid of its header, unproven */
  async verify(token: string, kid: unknown, audiences: readonly string[]): Promise<Judged> {
    const key = typeof kid === 'string' ? await this.#keyOf(kid) : undefined;
    // Another replica may have made it a moment ago.
    if (!key) return { fault: 'unknown-key', passing: true };
    try {
      const { payload } = await jwtVerify<OwnClaims>(token, key, {
        algorithms: [SIGNING_ALGORITHM],
        typ: ACCESS_TOKEN_TYPE,
        issuer: this.resources.issuer,
        audience: [...audiences],
        requiredClaims: ['sub', 'jti', 'exp', 'iat', 'client_id'],
        clockTolerance: TOLERANCE_SECONDS,
      });
      if (payload.iat > Date.now() / 1000 + TOLERANCE_SECONDS)
        return { fault: 'future-dated', passing: true };
      return { claims: payload };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { fault: 'expired', claims: error.payload as OwnClaims };
      return { fault: faultOf(error) };
    }
  }

  async #keyOf(kid: string): Promise<KeyObject | undefined> {
    const keys = await this.keys.all();
    const found = keys.find((key) => key.kid === kid);
    if (!found) return undefined;
    let key = this.#imported.get(kid);
    if (!key) {
      for (const known of this.#imported.keys())
        if (!keys.some((one) => one.kid === known)) this.#imported.delete(known);
      key = createPublicKey({ key: found.publicJwk, format: 'jwk' });
      this.#imported.set(kid, key);
    }
    return key;
  }
}

/** A word for the audit trail; the caller learns none of it. */
export function faultOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    const names: Record<string, string> = {
      aud: 'wrong-audience',
      iss: 'wrong-issuer',
      nbf: NOT_YET,
      typ: 'wrong-type',
    };
    return names[error.claim] ?? 'claims-missing';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'wrong-algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad-signature';
  return 'malformed';
}
