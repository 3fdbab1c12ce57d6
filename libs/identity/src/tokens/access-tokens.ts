import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { ConfigOf } from '#config';
import type { CredentialForm } from '../authority.ts';
import type { User } from '../users/user.record.ts';
import type { TokenFamily } from './token-families.ts';
import { TokenKeys } from './token-keys.ts';
import { tokensConfig } from './tokens.config.ts';

/** So that no token of another kind, signed with the same secret by mistake, is taken for one (RFC 8725, section 3.11). */
const TYPE = 'session+jwt';
/** The one algorithm: what a token says of itself chooses nothing (RFC 8725, section 3.1). */
const ALGORITHM = 'HS256';
/** Clocks of replicas differ a little. */
const TOLERANCE_SECONDS = 5;
/** Ours have some 500 characters. */
const MAX_LENGTH = 2048;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** What a token of ours says. */
export interface Claims {
  /** User. */
  readonly sub: string;
  /** Token family. */
  readonly sid: string;
  readonly jti: string;
  /** Epoch seconds. */
  readonly exp: number;
  /** When the second factor was shown, if it was; epoch seconds. */
  readonly otpAt: number | undefined;
}

export interface AccessToken {
  readonly token: string;
  readonly expiresIn: number;
}

type Judged = { readonly claims: Claims } | { readonly fault: string; readonly passing?: true };

/** Access tokens of users: JSON Web Tokens (RFC 7519), signed with HS256. */
@Injectable()
export class AccessTokens {
  readonly #jwt = new JwtService();

  constructor(
    private readonly keys: TokenKeys,
    @Inject(tokensConfig.KEY) private readonly config: ConfigOf<typeof tokensConfig>,
  ) {}

  /** The role is information: the one in force is in the database. */
  async sign(user: User, family: TokenFamily, at = Date.now()): Promise<AccessToken> {
    const { kid, secret } = this.keys.signing;
    const now = Math.floor(at / 1000);
    const endsAt = Math.min(
      now + this.config.accessHours * 3600,
      Math.floor(family.expiresAt.getTime() / 1000),
    );
    const { issuer } = this.config;
    const claims = {
      iss: issuer,
      aud: issuer,
      sub: user.id,
      jti: randomUUID(),
      sid: family.id,
      role: user.role,
      amr: family.otpAt ? ['pwd', 'otp'] : ['pwd'],
      ...(family.otpAt && { otp_at: Math.floor(family.otpAt.getTime() / 1000) }),
      iat: now,
      nbf: now,
      exp: endsAt,
    };
    const header = { alg: ALGORITHM, typ: TYPE, kid };
    const token = await this.#jwt.signAsync(claims, { secret, algorithm: ALGORITHM, header });
    return { token, expiresIn: Math.max(0, endsAt - now) };
  }

  /** By the header alone, which proves nothing. */
  formOf(token: string): CredentialForm {
    if (!COMPACT.test(token)) return 'foreign';
    const header = headerOf(token);
    if (!header) return 'foreign';
    return header['typ'] === TYPE && token.length <= MAX_LENGTH ? 'well-formed' : 'mistyped';
  }

  /** What a token says, if we have said it. One whose time is over is told as any other: its claims say so. */
  async verify(token: string, at = Date.now()): Promise<Judged> {
    const header = headerOf(token);
    if (header?.['typ'] !== TYPE) return { fault: 'wrong-type' };
    if (header['alg'] !== ALGORITHM) return { fault: 'wrong-algorithm' };
    // RFC 7515, section 4.1.11: there is nothing that is understood here beside the standard itself.
    if ('crit' in header) return { fault: 'critical-header' };
    const key = typeof header['kid'] === 'string' ? this.keys.find(header['kid']) : undefined;
    // Another replica may have heard of a new key before.
    if (!key) return { fault: 'unknown-key', passing: true };
    const { issuer } = this.config;
    const now = Math.floor(at / 1000);
    let claims: Record<string, unknown>;
    try {
      claims = await this.#jwt.verifyAsync<Record<string, unknown>>(token, {
        secret: key.secret,
        algorithms: [ALGORITHM],
        issuer,
        audience: issuer,
        clockTimestamp: now,
        clockTolerance: TOLERANCE_SECONDS,
        ignoreExpiration: true,
      });
    } catch (error) {
      return faultOf(error as Error);
    }
    return claimsOf(claims, now);
  }
}

function headerOf(token: string): Record<string, unknown> | undefined {
  const [first = ''] = token.slice(0, MAX_LENGTH).split('.', 1);
  try {
    const header: unknown = JSON.parse(Buffer.from(first, 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function claimsOf(claims: Record<string, unknown>, now: number): Judged {
  const { sub, sid, jti, exp, iat, otp_at: otpAt } = claims;
  const complete =
    typeof sub === 'string' &&
    typeof sid === 'string' &&
    typeof jti === 'string' &&
    isTime(exp) &&
    isTime(iat);
  if (!complete || !(otpAt === undefined || isTime(otpAt))) return { fault: 'claims-missing' };
  if (iat > now + TOLERANCE_SECONDS) return { fault: 'future-dated', passing: true };
  return { claims: { sub, sid, jti, exp, otpAt } };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function faultOf({ name, message }: Error): Judged {
  if (name === 'NotBeforeError') return { fault: 'not-yet-valid', passing: true };
  if (message.startsWith('jwt audience invalid')) return { fault: 'wrong-audience' };
  if (message.startsWith('jwt issuer invalid')) return { fault: 'wrong-issuer' };
  return { fault: 'bad-signature' };
}
