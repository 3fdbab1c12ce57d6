import { isIP } from 'node:net';
import { isCardNumber } from './card-number.ts';
import { ibanLength } from './iban.ts';
import { untilStable } from './until-stable.ts';

/** One kind of personal data: what may be it, and what becomes of that. */
interface Kind {
  readonly pattern: RegExp;
  /** What stands in the place of a match; the match itself when it is something else. */
  readonly replace: (match: string, words: string) => string;
}

// A number begins and ends where no other letter, digit or part of a number, path or identifier adjoins it.
const BEGIN = '(?<![\\w.,:/#$€£¥@=\\-+])';
const END = '(?![\\w@%€£¥])(?!-\\w)(?![.,/:]\\d)';

const EMAIL: Kind = {
  // The lookbehind lets a match begin at the start of a word only, so that a long word is read once.
  pattern:
    /(?<![^\s@<>()[\]{},;:"\\/=|&?])[^\s@<>()[\]{},;:"\\/=|&?]{1,256}@(?:[\w\u00a1-\ud7ff-]{1,63}\.){1,8}[A-Za-z\u00a1-\ud7ff]{2,24}(?![\w\u00a1-\ud7ff@-])/g,
  replace: () => '[EMAIL]',
};

const IBAN: Kind = {
  pattern: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,40}(?![A-Za-z0-9])/gi,
  replace: (match) => {
    const length = ibanLength(match);
    return length > 0 && !/^[A-Za-z0-9]/.test(match.slice(length)) ? `[IBAN]${match.slice(length)}` : match;
  },
};

const CREDIT_CARD: Kind = {
  pattern: new RegExp(`${BEGIN}\\d(?:[ -]?\\d){11,18}${END}`, 'g'),
  replace: (match) => (isCardNumber(match.replace(/\D/g, '')) ? '[CREDIT_CARD]' : match),
};

const IP_ADDRESS: Kind = {
  pattern:
    /(?<![\w.:%-])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)|(?=[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{0,40}\d)[0-9a-fA-F:]{3,39}(?:\.\d{1,3}){0,3}(?![\w:-]))/g,
  replace: (match) => (isIP(match) !== 0 && !isNobodys(match) ? '[IP_ADDRESS]' : match),
};

const SSN: Kind = {
  pattern: new RegExp(`${BEGIN}(?!000|666|9)\\d{3}([- ])(?!00)\\d{2}\\1(?!0000)\\d{4}${END}`, 'g'),
  replace: () => '[SSN]',
};

/** Numbers that only the words before them tell. */
const NAMED_SSN: Kind = {
  pattern:
    /((?<![\w[])(?:ssn|social security(?: number| no\.?| #)?)[^\d\n[]{0,12})\d{3}[ -]?\d{2}[ -]?\d{4}(?![\w-])/gi,
  replace: (_, words) => `${words}[SSN]`,
};
const PASSPORT: Kind = {
  pattern:
    /((?<![\w[])passport(?: number| no\.?| #)?[ :#]{1,3}(?:is |was )?)(?=[A-Z]{0,3}\d)[A-Z0-9]{6,9}(?![\w-])/gi,
  replace: (_, words) => `${words}[PASSPORT]`,
};

/** + and 8 to 15 digits (ITU-T E.164), grouped as people do. */
const INTERNATIONAL_PHONE: Kind = {
  pattern:
    /(?<![\w+])(?:\+1[ .-]?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}|\+[1-9](?:[ ./()-]{0,3}\d){7,14})(?![\w-]|[.,]\d)/g,
  replace: (match) => (/^\+\d{1,3}([.])\d{3}(?:\1\d{3})+$/.test(match) ? match : '[PHONE]'),
};
/** North America: area code and exchange begin with 2 to 9. */
const NATIONAL_PHONE: Kind = {
  pattern: new RegExp(
    `${BEGIN}(?:1[ .-])?(?:\\([2-9]\\d{2}\\) ?|[2-9]\\d{2}[ ./-])[2-9]\\d{2}[ .-]\\d{4}(?: ?(?:x|ext\\.?) ?\\d{1,5})?${END}`,
    'g',
  ),
  replace: () => '[PHONE]',
};
/** Most other countries: a 0, an area code, and groups. */
const TRUNK_PHONE: Kind = {
  pattern: new RegExp(`(?<!\\d )${BEGIN}\\(?0[1-9]\\d{0,4}\\)?(?:[ ./-]\\d{2,8}){1,4}${END}`, 'g'),
  replace: (match) => {
    const digits = match.replace(/\D/g, '').length;
    return digits >= 9 && digits <= 12 && !DATE.test(match) ? '[PHONE]' : match;
  },
};
const DATE =
  /^(?:0?[1-9]|[12]\d|3[01])([ ./-])(?:0?[1-9]|[12]\d|3[01])\1(?:19|20)?\d\d(?![ ./-]?\d)|^(?:19|20)\d\d-\d\d-\d\d/;
const ANY_NUMBER = '\\+?\\(?\\d(?:[ .()-]{0,2}\\d){6,14}(?![\\w-]|[.,:/]\\d)';
/** Any digits that words about telephones announce. */
const NAMED_PHONE: Kind = {
  pattern: new RegExp(
    '((?<![\\w[])(?:(?:tele)?phones?|tel|mobile|cell|fax|whatsapp|sms|dial|call|(?:my|his|her|its|their|our|your) number' +
      '|(?:call|ring|text|reach|contact)(?:ing|ed)?(?: (?:me|us|them|him|her|you|it|at|on|under)){1,3})' +
      `(?![\\w\\]])[^\\d\\n[+($]{0,24}[ :.#])${ANY_NUMBER}(?:(?:,| or| and|;| /) ${ANY_NUMBER}){0,3}`,
    'gi',
  ),
  replace: (match, words) => {
    const numbers = match.slice(words.length);
    return DATE.test(numbers) ? match : words + numbers.replace(EACH_NUMBER, '[PHONE]');
  },
};
const EACH_NUMBER = new RegExp(ANY_NUMBER, 'g');

const kinds: readonly Kind[] = [
  EMAIL,
  IBAN,
  CREDIT_CARD,
  IP_ADDRESS,
  SSN,
  NAMED_SSN,
  PASSPORT,
  INTERNATIONAL_PHONE,
  NATIONAL_PHONE,
  TRUNK_PHONE,
  NAMED_PHONE,
];

const kindsButAddresses = kinds.filter((kind) => kind !== IP_ADDRESS);

/** Loopback, unspecified and broadcast addresses are everybody's. */
function isNobodys(address: string): boolean {
  return /^(?:127\.|0\.0\.0\.0$|255\.255\.255\.255$|::1?$)/.test(address);
}

/** An @, six digits in a row of groups, or groups as addresses have them: a text without is given back as it is. */
const WORTH_A_LOOK = /@|\d(?:[ .()/-]{0,3}\d){5}|\d\.\d{1,3}\.\d|:[0-9a-fA-F]{0,4}:/;

/**
 * The text with its personal data replaced by the name of its kind (RAG-35): [EMAIL], [PHONE], [SSN], [CREDIT_CARD],
 * [IBAN], [IP_ADDRESS], [PASSPORT]; the same text when there is none. Linear in its length, and idempotent.
 */
export function maskPii(text: string): string {
  return untilStable(text, (given) => maskKinds(given, kinds));
}

/** For the log, which is there to say from where a call came. */
export function maskPiiButAddresses(text: string): string {
  return untilStable(text, (given) => maskKinds(given, kindsButAddresses));
}

function maskKinds(text: string, all: readonly Kind[]): string {
  if (!WORTH_A_LOOK.test(text)) return text;
  let masked = text;
  for (const { pattern, replace } of all) masked = masked.replace(pattern, replace);
  return masked;
}
