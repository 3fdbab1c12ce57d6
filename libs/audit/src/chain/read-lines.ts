import { open } from 'node:fs/promises';
import { ifThere } from '../if-there.ts';

/** Longer than any record: what is longer is no line of ours, and is shown as the piece that fits. */
const BUFFER_BYTES = 1024 * 1024;
const FIRST_LINE_BYTES = 64 * 1024;
const LINE_BREAK = 0x0a;

export interface ReadLinesOptions {
  /** Offset of the first line. */
  from?: number;
  /** Offset where to stop, whatever follows. */
  to?: number;
  /** `line` is without its line break, and only good until the visit ends. `offset` is where it begins. */
  visit: (line: Buffer, offset: number) => void;
  onProgress?: ((bytes: number) => void) | undefined;
}

export interface LinesEnd {
  /** Offset behind the last whole line. */
  readonly end: number;
  /** Bytes behind that: a line without its end. */
  readonly rest: number;
}

/** Visits the lines of a file, however long it is, in the memory of one buffer. */
export async function readLines(path: string, options: ReadLinesOptions): Promise<LinesEnd> {
  const { from = 0, to = Infinity, visit, onProgress } = options;
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    let filled = 0;
    let offset = from;
    for (;;) {
      const wanted = Math.min(buffer.length - filled, to - offset - filled);
      const { bytesRead } = await file.read(buffer, filled, wanted, offset + filled);
      if (bytesRead === 0) return { end: offset, rest: filled };
      onProgress?.(bytesRead);
      filled += bytesRead;
      const used = visitWhole(buffer.subarray(0, filled), offset, visit);
      buffer.copyWithin(0, used, filled);
      offset += used;
      filled -= used;
    }
  } finally {
    await file.close();
  }
}

/** The first line of a file, without its line break; empty where there is none. */
export async function firstLine(path: string): Promise<string> {
  const file = await ifThere(open(path, 'r'));
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(LINE_BREAK);
    return end === -1 ? '' : buffer.toString('latin1', 0, end);
  } finally {
    await file.close();
  }
}

/** How many bytes of the piece the whole lines in it take. */
function visitWhole(piece: Buffer, offset: number, visit: ReadLinesOptions['visit']): number {
  let start = 0;
  for (let end = piece.indexOf(LINE_BREAK); end !== -1; end = piece.indexOf(LINE_BREAK, start)) {
    visit(piece.subarray(start, end), offset + start);
    start = end + 1;
  }
  if (start > 0 || piece.length < BUFFER_BYTES) return start;
  visit(piece, offset);
  return piece.length;
}
