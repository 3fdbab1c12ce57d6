import { createHmac } from 'node:crypto';

/** 16 bits: one change in 65,536 goes unseen, and of a million guesses at a weak secret fifteen still fit. */
const HEX_DIGITS = 4;

/** Tells two values of a secret apart, and is of no use to whoever would guess it. */
export function fingerprintOf(name: string, value: string): string {
  return createHmac('sha256', value)
    .update(`gatehouse secret fingerprint 1 ${name}`)
    .digest('hex')
    .slice(0, HEX_DIGITS);
}
