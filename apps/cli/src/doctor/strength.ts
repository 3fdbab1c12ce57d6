const KNOWN =
  /change.?(me|this|it)|passw[o0]rd|secret|example|default|letmein|qwerty|12345678|your[-_]|replace|placeholder|insecure/i;
/** A random text of 32 hex digits has 10 of its 16 or more, all but never. */
const LEAST_DIFFERENT = 8;
const LEAST_LENGTH = 12;

/** Why a secret, or the password in a URL, is too weak; undefined where nothing shows. Says nothing of what it holds. */
export function weaknessOf(value: string): string | undefined {
  const secret = URL.canParse(value) && value.includes('://') ? passwordIn(value) : value;
  // A URL without a password is looked at where its server is.
  if (secret === undefined || secret.startsWith('-----BEGIN')) return undefined;
  if (KNOWN.test(secret)) return 'is a well-known value, or holds a word of one';
  if (secret.length < LEAST_LENGTH) return `has ${secret.length} characters: it can be guessed`;
  return new Set(secret).size < LEAST_DIFFERENT ? 'repeats few characters: it can be guessed' : undefined;
}

function passwordIn(url: string): string | undefined {
  const { password } = new URL(url);
  if (password === '') return undefined;
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
