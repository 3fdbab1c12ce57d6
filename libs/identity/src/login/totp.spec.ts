import { Secret } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { newSeed, otpauthUri, stepOf } from './totp.ts';

/** RFC 6238, Appendix B, SHA-1: of its eight digits the last six, and the time step. */
const vectors = [
  [59, '94287082', 0x1],
  [1111111109, '07081804', 0x23523ec],
  [1111111111, '14050471', 0x23523ed],
  [1234567890, '89005924', 0x273ef07],
  [2000000000, '69279037', 0x3f940aa],
  [20000000000, '65353130', 0x27bc86aa],
] as const;
const SEED = new Secret({ buffer: new TextEncoder().encode('12345678901234567890').buffer }).base32;

describe('a one-time code', () => {
  it.each(vectors)('at %i is as RFC 6238 has it', (seconds, digits, step) => {
    const code = digits.slice(2);
    expect(stepOf(code, SEED, seconds * 1000)).toBe(step);
    for (const near of [-30, 30]) expect(stepOf(code, SEED, (seconds + near) * 1000)).toBe(step);
    for (const far of [60, 90, 3600]) expect(stepOf(code, SEED, (seconds + far) * 1000)).toBeUndefined();
    expect(
      stepOf(
        code.replace(/^./, (digit) => String((Number(digit) + 1) % 10)),
        SEED,
        seconds * 1000,
      ),
    ).toBeUndefined();
    expect(stepOf(code, newSeed(), seconds * 1000)).toBeUndefined();
  });

  it('comes of a seed of 160 random bits, which an authenticator can scan', () => {
    const seed = newSeed();
    expect(seed).toMatch(/^[A-Z2-7]{32}$/);
    expect(newSeed()).not.toBe(seed);
    expect(otpauthUri(seed, 'Ana María')).toBe(
      `otpauth://totp/Gatehouse:Ana%20Mar%C3%ADa?issuer=Gatehouse&secret=${seed}&algorithm=SHA1&digits=6&period=30`,
    );
  });
});
