import type { ConfigOf } from '#config';
import { maskPii } from './mask-pii.ts';
import { maskSecrets, secretMayBeginIn } from './mask-secrets.ts';
import type { MaskText } from './mask-value.ts';
import type { maskingConfig } from './masking.config.ts';

/** One way of masking: of a whole text, and of a text that comes in pieces. */
export interface Masking {
  /** What it hides, in words: what was masked in another way is told apart by it. */
  readonly name: string;
  readonly mask: MaskText;
  /** Whether something to mask may begin in these words and go on in the words after them, on the same line. */
  mayBeginIn(words: string): boolean;
}

let found = 0;

/** Texts of answers in which a secret was, since this process began. It was masked; that it was there wants a look. */
export function secretsFound(): number {
  return found;
}

function maskAndCount(text: string): string {
  const masked = maskSecrets(text);
  if (masked !== text) found++;
  return masked;
}

export const secretsOnly: Masking = { name: 'secrets', mask: maskAndCount, mayBeginIn: secretMayBeginIn };

const PII_BEGINNING =
  /[\d+(@]|phone|tel|mobile|cell|fax|whatsapp|sms|dial|call|ring|text|reach|contact|number|passport|ssn|social|security/i;

export const secretsAndPii: Masking = {
  name: 'secrets and personal data',
  mask: (text) => maskPii(maskAndCount(text)),
  mayBeginIn: (words) => secretMayBeginIn(words) || PII_BEGINNING.test(words),
};

/** How answers are masked. Secrets are whatever is configured, and where nothing is. */
export function maskingOfAnswers(config: ConfigOf<typeof maskingConfig> | undefined): Masking {
  return config?.piiInAnswers ? secretsAndPii : secretsOnly;
}
