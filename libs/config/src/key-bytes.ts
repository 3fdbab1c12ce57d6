const BYTES = 32;
const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[\w+/-]{43}=?$/;
/** Of 32 random bytes, fewer differ once in 10^19 times: what is so plain was typed, not made. */
const FEWEST_DIFFERENT = 16;

/** The key that a text in hex, base64 or base64url holds; undefined where it holds none that could be random. */
export function keyBytes(text: string): Buffer | undefined {
  const bytes = HEX.test(text)
    ? Buffer.from(text, 'hex')
    : BASE64.test(text)
      ? Buffer.from(text, 'base64')
      : Buffer.alloc(0);
  return bytes.length === BYTES && new Set(bytes).size >= FEWEST_DIFFERENT ? bytes : undefined;
}
