import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { CredentialForm } from './authority.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = 'gk_';
const RANDOM_BYTES = 24;
/** Digits that 192 bits and 32 bits need in base 62. */
const BODY_LENGTH = 33;
const CHECKSUM_LENGTH = 6;
const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${BODY_LENGTH + CHECKSUM_LENGTH}}$`);

/** A new key: `gk_`, 192 random bits, and a checksum by which scanners and typists find a broken one offline. */
export function mintKey(): string {
  const body = PREFIX + base62(BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`), BODY_LENGTH);
  return body + checksum(body);
}

/** Looks at the whole text in any case: it takes as long for a good key as for a bad one of that length. */
export function formOf(text: string): CredentialForm {
  if (!SHAPE.test(text)) return 'foreign';
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return text.slice(-CHECKSUM_LENGTH) === checksum(body) ? 'well-formed' : 'mistyped';
}

/** Not a secret: anyone can compute it. CRC-32 finds every change of up to 32 neighbouring bits. */
function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = ALPHABET.charAt(Number(rest % 62n)) + text;
  return text.padStart(length, ALPHABET.charAt(0));
}
