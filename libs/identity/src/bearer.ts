import { CredentialInvalid, CredentialMissing } from '#errors';

/** A signed token with many claims takes a few thousand; no more than that is ever hashed. */
const MAX_HEADER_LENGTH = 8192;

/** RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1). No space: exactly one credential. */
const BEARER = /^bearer +([\x21-\x7e]+)$/i;

/**
 * The credential in an Authorization header.
 * @throws CredentialMissing, CredentialInvalid
 */
export function bearerToken(authorization: string | undefined): string {
  if (!authorization) throw new CredentialMissing();
  const token = authorization.length <= MAX_HEADER_LENGTH ? BEARER.exec(authorization)?.[1] : undefined;
  if (token === undefined) throw new CredentialInvalid();
  return token;
}
