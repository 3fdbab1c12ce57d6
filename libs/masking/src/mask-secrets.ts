const SECRET =
  /\bgk_[A-Za-z0-9_-]{20,}|\bBearer\s+[A-Za-z0-9._~+/-]{16,}=*|\bsk-[A-Za-z0-9_-]{20,}|\bAKIA[A-Z0-9]{16}\b/g;

/** The text with its secrets replaced by [SECRET]. */
export function maskSecrets(text: string): string {
  return text.replace(SECRET, '[SECRET]');
}
