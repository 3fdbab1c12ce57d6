/** Combining accents of Latin, Greek and Cyrillic. Those of other scripts (vowel signs) are letters, and stay. */
const ACCENTS = /[\u0300-\u036f]+/g;
/** Chinese and Japanese, written without spaces: the parser would see one word per sentence, and dictionaries disagree. */
const HAN_OR_KANA = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]{2,}/gu;
/** Written without spaces, too, with syllables that only a dictionary parts. */
const SOUTH_EAST_ASIAN = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]{2,}/gu;
/** A hyphen between letters stays: the parser then indexes the compound beside its parts. */
const NOT_A_WORD = /(?:[^\p{L}\p{M}\p{N}-]|(?<!\p{L})-|-(?!\p{L}))+/gu;

const dictionary = new Intl.Segmenter('th', { granularity: 'word' });

/**
 * A text as it is indexed and asked for; never what is stored or shown. "José" is found by "jose", "408-247-8880" by
 * "(408) 247 8880" (the parser alone takes -247 for a number below zero), and "and/or" by "or" (it takes that for a path).
 */
export function searchableText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .normalize('NFC')
    .replace(SOUTH_EAST_ASIAN, (run) =>
      Array.from(dictionary.segment(run), ({ segment }) => segment).join(' '),
    )
    .replace(HAN_OR_KANA, pairs)
    .replace(NOT_A_WORD, ' ');
}

/** Each character, and each pair of neighbours: 東京都 is 東, 東京, 京, 京都, 都. */
function pairs(run: string): string {
  const letters = [...run];
  return letters.flatMap((letter, i) => (i === 0 ? letter : [letters[i - 1] + letter, letter])).join(' ');
}
