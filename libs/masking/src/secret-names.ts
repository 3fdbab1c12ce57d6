const SECRET_NAME =
  /(?:password|passwd|passphrase|passcode|pwd|secret|(?:api|access|private|secret|account|signing|encryption|master|shared)key|(?:access|refresh|id|auth|session|bearer|security|csrf)token|credential|authorization|cookie|cvv|cvc)s?$|^(?:token|jwt)$/;

/** Names repeat, from answer to answer. Strangers choose some of them, so their number is bounded. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 2_000;

/** Whether the value of a property of this name is a secret: `DB_PASSWORD`, `clientSecret`, `x-api-key`, `token`. */
export function isSecretName(name: string): boolean {
  let secret = known.get(name);
  if (secret === undefined) {
    secret = SECRET_NAME.test(
      name
        .slice(-256)
        .replace(/[^A-Za-z]/g, '')
        .toLowerCase(),
    );
    if (known.size < MOST_KNOWN && name.length <= 64) known.set(name, secret);
  }
  return secret;
}
