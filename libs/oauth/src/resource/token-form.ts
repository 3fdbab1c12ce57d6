import { decodeProtectedHeader } from 'jose';
import type { CredentialForm } from '#identity';

/** JWS compact serialization (RFC 7515, section 7.1); the last part is empty in one that nobody has signed. */
const COMPACT = /^[\w-]{2,}\.[\w-]{2,}\.[\w-]*$/;
/** Longer than any that is sent in a header with others. */
const MAX_LENGTH = 8192;

/** By the header alone, which proves nothing. Media types are compared without regard to case (RFC 7515, section 4.1.9). */
export function formOfToken(token: string, types: readonly string[]): CredentialForm {
  if (token.length > MAX_LENGTH || !COMPACT.test(token)) return 'foreign';
  try {
    const { typ, kid } = decodeProtectedHeader(token);
    const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;
    return type !== undefined && types.includes(type) && typeof kid === 'string' ? 'well-formed' : 'mistyped';
  } catch {
    return 'foreign';
  }
}
