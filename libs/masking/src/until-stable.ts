/** Two rounds are rare, a third is an artifice; the bound keeps the whole linear. */
const MOST_ROUNDS = 4;

/** Masks again what a mask has changed: what adjoined a secret may be the next one, now that the secret is gone. */
export function untilStable(text: string, maskOnce: (text: string) => string): string {
  let masked = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = maskOnce(masked);
    if (next === masked) break;
    masked = next;
  }
  return masked;
}
