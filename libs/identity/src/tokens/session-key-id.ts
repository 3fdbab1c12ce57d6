const PREFIX = 'session:';

/** How the tokens of a family are named: in the audit trail, and where what is known of them is forgotten. */
export function keyIdOf(familyId: string): string {
  return PREFIX + familyId;
}

/** The family; undefined where it was another kind of credential. */
export function sessionIdOf(keyId: string): string | undefined {
  return keyId.startsWith(PREFIX) ? keyId.slice(PREFIX.length) : undefined;
}
