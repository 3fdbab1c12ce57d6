import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';

const MOST = 100;

function readAll(reader: LineReader, chunks: readonly string[]) {
  const lines: string[] = [];
  for (const chunk of chunks) {
    const read = reader.read(Buffer.from(chunk));
    lines.push(...read.lines.map((line) => line.toString()));
    if (read.tooLong) return { lines, tooLong: true };
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
    const [first] = [...'first\n'].flatMap((byte) => reader.read(Buffer.from(byte)).lines);
    const [second] = [...'other\n'].flatMap((byte) => reader.read(Buffer.from(byte)).lines);
    expect([first!.toString(), second!.toString()]).toEqual(['first', 'other']);
  });
});
