import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

/** RFC 6238 as every authenticator has it: SHA-1, six digits, thirty seconds. */
const PERIOD_SECONDS = 30;
const DIGITS = 6;
/** One step before and after, for clocks that differ (RFC 6238, section 5.2). */
const WINDOW = 1;
/** RFC 4226, section 4, R6. */
const SEED_BYTES = 20;
const ISSUER = 'Gatehouse';

/** A new seed, in Base32, as a person may type it. */
export function newSeed(): string {
  return new Secret({ buffer: Uint8Array.from(randomBytes(SEED_BYTES)).buffer }).base32;
}

/** `otpauth://…`, for an authenticator to scan. */
export function otpauthUri(seed: string, name: string): string {
  return totpOf(seed, name).toString();
}

/** The time step that a code belongs to; undefined where it is none of this time. */
export function stepOf(code: string, seed: string, at: number): number | undefined {
  const delta = totpOf(seed).validate({ token: code, timestamp: at, window: WINDOW });
  return delta === null ? undefined : Math.floor(at / 1000 / PERIOD_SECONDS) + delta;
}

function totpOf(seed: string, label = ''): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
    secret: Secret.fromBase32(seed),
  });
}
