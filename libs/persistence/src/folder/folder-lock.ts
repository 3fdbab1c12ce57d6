import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PersistenceError } from '../persistence-error.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** A holder in another container can't be asked for, so each shows that it lives by touching its claim. */
const HEARTBEAT_MS = 5_000;
const SILENT_AFTER_MS = 20_000;
/** For how long those that start at the same moment sort out who it is. */
const CONTEST_MS = 5_000;
const PAUSE_MS = 10;

const CLAIM = /^(\d+)-(\d+)-(\d+)$/;
const HELD = '.held';
const heldHere = new Set<string>();

interface Rival extends ProcessIdentity {
  readonly name: string;
  readonly holds: boolean;
}

/**
 * The right to work in a folder, for one process at a time. Each that wants it puts a claim there, a file named after
 * the process, and has the folder once it finds no other claim of a living one. Of two that start together at least
 * one sees the other, and the one with the higher name makes way. A dead process's claim can be removed without ever
 * hitting a living one's, because no name is used twice.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #claims: string;
  readonly #own = ownIdentity();
  readonly #name = nameOf(this.#own);
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#claims = join(folder, 'locks');
  }

  /** Throws a PersistenceError that names the folder and the process that has it. */
  static async take(folder: string): Promise<FolderLock> {
    const lock = new FolderLock(folder);
    if (heldHere.has(folder)) throw lock.#refusal(lock.#own);
    heldHere.add(folder);
    try {
      await mkdir(lock.#claims, { recursive: true, mode: 0o700 });
      await lock.#contend();
    } catch (error) {
      await lock.release().catch(() => undefined); // The first error says more.
      throw error;
    }
    lock.#heartbeat = setInterval(() => void lock.#touch(), HEARTBEAT_MS).unref();
    return lock;
  }

  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#remove(this.#name);
    heldHere.delete(this.#folder);
  }

  async #contend(): Promise<void> {
    const startedAt = Date.now();
    let claimed = false;
    for (;;) {
      const rivals = await this.#rivals();
      const holder = rivals.find(({ holds }) => holds);
      const lower = rivals.find(({ name }) => name < this.#name);
      if (claimed && rivals.length === 0) return this.#write(this.#name + HELD);
      if (holder ?? lower) {
        if (claimed) await this.#remove(this.#name);
        claimed = false;
      } else if (!claimed) {
        await this.#write(this.#name);
        claimed = true;
        continue; // Look again, now that others can see us.
      }
      const rival = holder ?? lower ?? rivals[0];
      if (rival && Date.now() - startedAt > this.#patienceMs(rival)) throw this.#refusal(rival);
      await delay(PAUSE_MS);
    }
  }

  #patienceMs(rival: Rival): number {
    if (!this.#isNeighbour(rival)) return SILENT_AFTER_MS;
    return rival.holds ? 0 : CONTEST_MS;
  }

  /** The claims of all others that live. Those of the dead are cleared away. */
  async #rivals(): Promise<Rival[]> {
    const names = await readdir(this.#claims);
    const rivals: Rival[] = [];
    for (const name of names) {
      const claim = CLAIM.exec(name);
      if (claim === null || name === this.#name) continue;
      const [pid = 0, startedAt = 0, namespace = 0] = claim.slice(1).map(Number);
      const rival = { pid, startedAt, namespace, name, holds: names.includes(name + HELD) };
      const lives = this.#isNeighbour(rival) ? isRunning(rival) : await this.#touchedLately(name);
      if (lives) rivals.push(rival);
      else await this.#remove(name);
    }
    return rivals;
  }

  #isNeighbour({ namespace }: ProcessIdentity): boolean {
    return namespace === this.#own.namespace;
  }

  #write(name: string): Promise<void> {
    return writeFile(join(this.#claims, name), '', { mode: 0o600 });
  }

  async #remove(name: string): Promise<void> {
    for (const file of [name + HELD, name]) await rm(join(this.#claims, file), { force: true });
  }

  async #touch(): Promise<void> {
    const now = new Date();
    await utimes(join(this.#claims, this.#name), now, now).catch(() => undefined); // Gone: nothing left to guard.
  }

  async #touchedLately(name: string): Promise<boolean> {
    try {
      return Date.now() - (await stat(join(this.#claims, name))).mtimeMs < SILENT_AFTER_MS;
    } catch {
      return false; // Its owner took it back while we looked.
    }
  }

  #refusal(holder: ProcessIdentity): PersistenceError {
    const where = this.#isNeighbour(holder) ? '' : ' of another container';
    return new PersistenceError(
      `DATA_DIR (${this.#folder}) is in use by process ${holder.pid}${where}: stop it, or choose another folder`,
    );
  }
}

function nameOf({ pid, startedAt, namespace }: ProcessIdentity): string {
  return `${pid}-${startedAt}-${namespace}`;
}
