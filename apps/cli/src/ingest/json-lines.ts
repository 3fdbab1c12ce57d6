import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { CommandError } from '../command-error.ts';

/** One line of a file that says something. */
export interface Line {
  /** 1 is the first. */
  readonly number: number;
  readonly text: string;
}

/** A file of JSON lines, read twice: once to know it, once to work through it. Neither holds more than a line. */
export class JsonLines {
  readonly path: string;
  /** Lines that say something. */
  readonly count: number;
  /** SHA-256 of the bytes: another file, or this one changed, has another. */
  readonly digest: string;

  private constructor(path: string, count: number, digest: string) {
    this.path = path;
    this.count = count;
    this.digest = digest;
  }

  /** @throws CommandError when it can't be read */
  static async open(path: string): Promise<JsonLines> {
    const hash = createHash('sha256');
    let count = 0;
    try {
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
      for await (const _ of linesOf(path)) count++;
    } catch (cause) {
      const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
      throw new CommandError('usage', `${path} can't be read (${code})`, { cause });
    }
    return new JsonLines(path, count, hash.digest('hex'));
  }

  read(): AsyncGenerator<Line> {
    return linesOf(this.path);
  }
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    number++;
    const text = line.replace(/^\uFEFF/, '').trim(); // Some editors begin a file with a byte order mark.
    if (text !== '') yield { number, text };
  }
}
