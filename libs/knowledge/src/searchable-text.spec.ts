import { describe, expect, it } from 'vitest';
import { searchableText } from './searchable-text.ts';

describe('searchable text', () => {
  it.each([
    ['accents of letters fold', 'José Ångström naïve', 'Jose Angstrom naive'],
    ['ways to write one number meet', '(408) 247-8880', ' 408 247 8880'],
    ['a slash is no path', 'and/or', 'and or'],
    ['an underscore parts words', 'Restaurants_2', 'Restaurants 2'],
    ['the parts of an address are words', 'ann.lee@example.com', 'ann lee example com'],
    ['a compound keeps its hyphens', 'state-of-the-art', 'state-of-the-art'],
    ['a dash is none', 'wait - what -- no -x 9-b', 'wait what no x 9 b'],
    ['Chinese and Japanese are parted into characters and pairs', '東京都 is', '東 東京 京 京都 都 is'],
    ['Thai is parted into words', 'ภาษาไทย', 'ภาษา ไทย'],
    ['vowel signs are letters', 'हिन्दी', 'हिन्दी'],
    ['full-width letters are letters', 'ＡＢＣ', 'ABC'],
    ['syllables stay whole', '한국어', '한국어'],
    ['what no database stores is gone', 'a\0b', 'a b'],
  ])('%s', (_, text, searchable) => {
    expect(searchableText(text)).toBe(searchable);
  });
});
