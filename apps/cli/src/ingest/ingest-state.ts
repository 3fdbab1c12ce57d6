import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where state of the user's programs lies (XDG Base Directory Specification). */
export function stateFolder(home = homedir()): string {
  return join(home, '.local', 'state', 'gatehouse', 'ingest');
}

/** Which lines of a file a gateway has taken already: a number a line, so that a run that was cut off loses nothing. */
export class IngestState {
  readonly #path: string;
  readonly #done: Set<number>;
  #writable = true;

  private constructor(path: string, done: Set<number>) {
    this.#path = path;
    this.#done = done;
  }

  /** @param about what the state is of: the file's digest and the gateway */
  static open(folder: string, about: readonly string[]): IngestState {
    const name = createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32);
    const path = join(folder, name);
    const state = new IngestState(path, numbersIn(path));
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch {
      state.#writable = false; // A home that can't be written costs the resuming, not the work.
    }
    return state;
  }

  has(line: number): boolean {
    return this.#done.has(line);
  }

  add(line: number): void {
    this.#done.add(line);
    try {
      if (this.#writable) appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
    } catch {
      this.#writable = false;
    }
  }

  /** All is done, or all is to be done again. */
  forget(): void {
    this.#done.clear();
    rmSync(this.#path, { force: true });
  }
}

function numbersIn(path: string): Set<number> {
  try {
    // A number that a crash cut off in the middle would be another line's.
    const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return new Set(whole.map(Number));
  } catch {
    return new Set();
  }
}
