const WORTH_A_LOOK = /pass|pwd|secret|token|key|auth|cookie|credential|jwt|cvv|cvc/i;
const SECRET_NAME =
  /(?:password|passwd|passphrase|passcode|pwd|secret|(?:api|access|private|secret|account|signing|encryption|master|shared)key|(?:access|refresh|id|auth|session|bearer|security|csrf)token|credential|authorization|cookie|cvv|cvc)s?$|^(?:token|jwt)$/;

/** Whether the value of a property of this name is a secret: `DB_PASSWORD`, `clientSecret`, `x-api-key`, `token`. */
export function isSecretName(name: string): boolean {
  return WORTH_A_LOOK.test(name) && SECRET_NAME.test(name.replace(/[^A-Za-z]/g, '').toLowerCase());
}
