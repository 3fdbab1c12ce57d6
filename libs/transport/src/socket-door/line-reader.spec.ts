import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';

const MOST = 100;

function readAll(reader: LineReader, chunks: readonly string[]) {
  const lines: string[] = [];
  for (const chunk of chunks) {
    const isWhole = reader.read(Buffer.from(chunk), (line) => lines.push(line.toString()));
    if (!isWhole) return { lines, tooLong: true };
  }
  return { lines, tooLong: false };
}

describe('lines', () => {
  it.each([
    ['in one piece', ['one\ntwo\n']],
    ['in pieces', ['on', 'e\nt', 'wo', '\n']],
    ['a byte at a time', [...'one\ntwo\n']],
    ['as Windows ends them', ['one\r\ntwo\r', '\n']],
    ['with empty ones between', ['\n\none\n\r\n', '\ntwo\n']],
  ])('are found %s', (_, chunks) => {
    const reader = new LineReader(MOST);
    expect(readAll(reader, chunks)).toEqual({ lines: ['one', 'two'], tooLong: false });
    expect(reader.isPartial).toBe(false);
  });

  it('may be as long as is allowed, however they come', () => {
    const line = 'x'.repeat(MOST);
    expect(readAll(new LineReader(MOST), [`${line}\n`])).toEqual({ lines: [line], tooLong: false });
    expect(readAll(new LineReader(MOST), [...line, '\n'])).toEqual({ lines: [line], tooLong: false });
  });

  it.each([
    ['whole', [`ok\n${'x'.repeat(MOST + 1)}\n`]],
    ['without end', ['ok\n', 'x'.repeat(MOST + 1)]],
    ['a byte at a time', ['ok\n', ...'x'.repeat(MOST + 1)]],
  ])('are too long past that, and those before them are not lost: %s', (_, chunks) => {
    expect(readAll(new LineReader(MOST), chunks)).toEqual({ lines: ['ok'], tooLong: true });
  });

  it('are kept apart though one buffer holds them', () => {
    const reader = new LineReader(MOST);
    const lines: Buffer[] = [];
    for (const byte of 'first\nother\n') reader.read(Buffer.from(byte), (line) => lines.push(line));
    expect(lines.map((line) => line.toString())).toEqual(['first', 'other']);
  });

  it('may be longer from one to the next, in the same bytes', () => {
    const reader = new LineReader(MOST);
    const lines: number[] = [];
    const isWhole = reader.read(
      Buffer.from(`ok\n${'x'.repeat(2 * MOST)}\n${'y'.repeat(2 * MOST)}`),
      (line) => {
        reader.maxBytes = 3 * MOST;
        lines.push(line.length);
      },
    );
    expect([isWhole, ...lines]).toEqual([true, 2, 2 * MOST]);
  });
});
