import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Block } from './block.ts';

const NAME = 'blocks.json';
/** Blocks may come fast under attack: the file is written so often at most. */
const EVERY_MS = 1_000;

/** The blocks in force, in the data folder: they outlive a restart with Valkey and without. */
export class BlockFile {
  readonly #path: string;
  readonly #read: () => readonly Block[];
  readonly #logger = new Logger('Blocking');
  #timer: NodeJS.Timeout | undefined;
  #changed = false;
  #writing: Promise<void> = Promise.resolve();
  #failed = false;

  /** @param read what is in force at the time of writing */
  constructor(folder: string, read: () => readonly Block[]) {
    this.#path = join(folder, NAME);
    this.#read = read;
  }

  /** What the file holds; nothing where there is none, or none that can be read. */
  load(): Block[] {
    try {
      const { blocks } = JSON.parse(readFileSync(this.#path, 'utf8')) as { blocks: unknown };
      return (blocks as unknown[]).filter(isBlock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#logger.error(`The blocks in ${NAME} can't be read, and are forgotten: ${String(error)}`);
      return [];
    }
  }

  /** Something changed: it is written at once, or as soon as the last writing is long enough ago. */
  touch(): void {
    this.#changed = true;
    if (this.#timer) return;
    this.#write();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#changed) this.touch();
    }, EVERY_MS).unref();
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#changed) this.#write();
    await this.#writing;
  }

  #write(): void {
    this.#changed = false;
    this.#writing = this.#writing.then(() => this.#replace());
  }

  async #replace(): Promise<void> {
    const temporary = `${this.#path}.new`;
    try {
      await writeFile(temporary, JSON.stringify({ blocks: this.#read() }), { mode: 0o600 });
      await rename(temporary, this.#path);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#logger.error(`The blocks can't be written to ${NAME}: ${String(error)}`);
      this.#failed = true;
      this.#changed = true;
    }
  }
}

function isBlock(value: unknown): value is Block {
  if (typeof value !== 'object' || value === null) return false;
  const { network, principalId, kind, since, until, strikes, spares, by } = value as Record<string, unknown>;
  return (
    typeof network === 'string' &&
    typeof kind === 'string' &&
    [since, until, strikes].every(Number.isFinite) &&
    typeof spares === 'boolean' &&
    [principalId, by].every((id) => id === undefined || typeof id === 'string')
  );
}
