import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { firstLine, readLines } from '../chain/read-lines.ts';
import { SIGNING_KEY_FILE } from '../chain/signing-key.ts';
import { ifThere } from '../if-there.ts';
import { fromSlot, JournalFolder } from '../journal/journal-folder.ts';
import { ChainSource, type ChainVisitor } from './chain-source.ts';

/** The segments in a data folder. */
export class FileSource extends ChainSource {
  readonly name: string;
  readonly holds = 'files';
  readonly #folder: JournalFolder;
  readonly #keyPath: string;

  constructor(dataFolder: string) {
    super();
    this.#folder = new JournalFolder(dataFolder);
    this.#keyPath = join(dataFolder, SIGNING_KEY_FILE);
    this.name = this.#folder.path;
  }

  async begun(): Promise<boolean> {
    const traces = [this.#folder.path, this.#keyPath].map((path) => ifThere(stat(path)));
    return (await Promise.all(traces)).some((found) => found !== undefined);
  }

  chains(): Promise<string[]> {
    return this.#folder.chains();
  }

  genesis(chain: string): Promise<string> {
    return firstLine(this.#folder.segmentPath(chain, 1));
  }

  removals(): Promise<string[]> {
    return this.#folder.removals();
  }

  async checkpoints(chain: string): Promise<(string | undefined)[]> {
    return (await this.#folder.checkpoints(chain)).map(fromSlot);
  }

  async read(chain: string, visitor: ChainVisitor, onProgress?: (bytes: number) => void): Promise<boolean> {
    const segments = await this.#folder.segments(chain);
    for (const segment of segments ?? []) {
      let number = 0;
      const { rest } = await readLines(this.#folder.segmentPath(chain, segment), {
        visit: (line) => visitor.line(line, { segment, line: ++number }),
        onProgress,
      });
      visitor.segmentEnd(segment, rest);
    }
    return segments !== undefined && segments.length > 0;
  }

  async size(): Promise<number> {
    let bytes = 0;
    for (const chain of await this.#folder.chains()) {
      for (const segment of (await this.#folder.segments(chain)) ?? []) {
        bytes += (await stat(this.#folder.segmentPath(chain, segment))).size;
      }
    }
    return bytes;
  }
}
