import { randomInt } from 'node:crypto';

/** Crockford's Base32: nothing that looks like something else. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Groups of five signs with dashes between, 25 bits each, for people to copy: `k3x9z-0p2qv`. */
export function randomText(groups: number): string {
  return Array.from({ length: groups }, () =>
    Array.from({ length: 5 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(''),
  ).join('-');
}
