import { entropyOf } from './entropy.ts';
import { isWellKnown } from './well-known.ts';

/** 32 random letters and digits have some 140 by this measure; what is put together by hand has less. */
const LEAST_BITS = 100;
const KINDS = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/];
const LEAST_KINDS = 3;
/** 256 bits, as `openssl rand -hex 32` writes them. */
const HEX_OF_A_KEY = /^[\da-f]{64,}$/i;

/** Why a secret of ours is too weak for production; undefined where it is not. Says nothing of what it holds. */
export function weaknessOf(value: string, minLength: number): string | undefined {
  if (isWellKnown(value)) return 'it is a well-known value, or holds a word of one';
  if (value.length < minLength) return `it has ${value.length} characters, and needs ${minLength} or more`;
  if (!HEX_OF_A_KEY.test(value) && KINDS.filter((kind) => kind.test(value)).length < LEAST_KINDS) {
    return 'it needs three of these: small letters, capital letters, digits, other characters';
  }
  return entropyOf(value) < LEAST_BITS
    ? 'it can be guessed: it repeats itself, or follows a pattern'
    : undefined;
}
