import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_LENGTH, chunksOf, type Turn } from './chunker.ts';

function turn(text: string, author: string | null = null, said_at: Date | null = null): Turn {
  return { text, author_name: author, author_type: null, said_at };
}

function texts(...turns: Turn[]): string[] {
  return chunksOf(turns).map(({ text }) => text);
}

function bare(text: string): string {
  return text.replace(/\s+/g, '');
}

describe('chunks of a conversation', () => {
  it('begin where the speaker changes', () => {
    const chunks = chunksOf([turn('Hello.', 'Ann'), turn('Good day.', 'Bo'), turn('Bye.', 'Ann')]);
    expect(chunks.map(({ text, author_name }) => [author_name, text])).toEqual([
      ['Ann', 'Hello.'],
      ['Bo', 'Good day.'],
      ['Ann', 'Bye.'],
    ]);
  });

  it('join what one speaker says in several messages', () => {
    expect(texts(turn('Hello.', 'Ann'), turn('How are you?', 'Ann'))).toEqual(['Hello.\nHow are you?']);
  });

  it('begin where the time changes, since a chunk has one time', () => {
    const [monday, tuesday] = [new Date('2026-03-02'), new Date('2026-03-03')];
    const chunks = chunksOf([
      turn('One.', 'Ann', monday),
      turn('Two.', 'Ann', monday),
      turn('Three.', 'Ann', tuesday),
    ]);
    expect(chunks.map(({ text, said_at }) => [text, said_at])).toEqual([
      ['One.\nTwo.', monday],
      ['Three.', tuesday],
    ]);
  });

  it('tell the authors of one name by their types', () => {
    const turns = [
      { ...turn('Hello.', 'Ann'), author_type: 'human' },
      { ...turn('Hello.', 'Ann'), author_type: 'assistant' },
    ];
    expect(chunksOf(turns)).toHaveLength(2);
  });

  it('end at the end of a sentence where there is one', () => {
    const sentence = `${'Word '.repeat(80)}end.`;
    expect(texts(turn(`${sentence} ${sentence} ${sentence}`))).toEqual([`${sentence} ${sentence}`, sentence]);
  });

  it('end between words where a sentence is too long', () => {
    const chunks = texts(turn('word '.repeat(500)));
    expect(chunks.every((text) => /^word( word)*$/.test(text))).toBe(true);
    expect(chunks.join(' ').split(' ')).toHaveLength(500);
  });

  it('hold a sentence of exactly the longest length whole', () => {
    const sentence = `${'a'.repeat(CHUNK_LENGTH - 1)}.`;
    expect(texts(turn(`${sentence} Next.`))).toEqual([sentence, 'Next.']);
  });

  it.each([
    ['families', '👨‍👩‍👧'],
    ['flags', '🇩🇪'],
    ['accents', 'e\u0301'],
  ])('never divide %s', (_, letter) => {
    const chunks = texts(turn(letter.repeat(700)));
    expect(chunks.every((text) => text.length % letter.length === 0)).toBe(true);
    expect(chunks.join('')).toBe(letter.repeat(700));
  });

  it('divide a letter under a thousand accents all the same', () => {
    const letter = `a${'\u0301'.repeat(2_500)}`;
    expect(texts(turn(letter)).join('')).toBe(letter);
  });

  it('leave out what is white space alone', () => {
    expect(texts(turn(' \n\t '), turn('Hello.', 'Ann'), turn('', 'Bo'))).toEqual(['Hello.']);
  });

  const anyText = fc.oneof(
    fc.string({ maxLength: 3_000 }),
    fc.string({ unit: 'binary', maxLength: 3_000 }),
    fc
      .array(fc.constantFrom('word ', 'Sentence. ', '\n', '   ', '👩‍🚀', '\u0301', '日本', 'a'.repeat(990)), {
        maxLength: 80,
      })
      .map((parts) => parts.join('')),
  );
  const anyTurn = fc.record({
    text: anyText,
    author_name: fc.constantFrom('Ann', 'Bo', null),
    author_type: fc.constantFrom('human', null),
    said_at: fc.constantFrom(new Date(0), null),
  });

  it('lose nothing, keep the order and the author, are short, trimmed and well-formed', () => {
    fc.assert(
      fc.property(fc.array(anyTurn, { maxLength: 8 }), (turns) => {
        const chunks = chunksOf(turns);
        expect(bare(chunks.map(({ text }) => text).join(''))).toBe(
          bare(turns.map(({ text }) => text).join('')),
        );
        for (const author of ['Ann', 'Bo', null]) {
          const by = (all: readonly Turn[]) => all.filter(({ author_name }) => author_name === author);
          expect(
            bare(
              by(chunks)
                .map(({ text }) => text)
                .join(''),
            ),
          ).toBe(
            bare(
              by(turns)
                .map(({ text }) => text)
                .join(''),
            ),
          );
        }
        for (const { text } of chunks) {
          expect(text.length).toBeLessThanOrEqual(CHUNK_LENGTH);
          expect(text).toBe(text.trim());
          expect(text).not.toBe('');
          expect(text.isWellFormed()).toBe(true);
        }
      }),
    );
  });
});
