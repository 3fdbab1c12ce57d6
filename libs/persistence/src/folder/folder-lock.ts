import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PersistenceError } from '../persistence-error.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** A holder in another container can't be asked for, so it shows that it lives by touching its claim. */
const HEARTBEAT_MS = 5_000;
const SILENT_AFTER_MS = 20_000;
/** For how long two that start at the same moment make way for each other. */
const CONTEST_MS = 500;

const CLAIM = /^(\d+)-(\d+)-(\d+)$/;
const heldHere = new Set<string>();

/**
 * The right to work in a folder, for one process at a time. Each that wants it puts a claim there, a file that is
 * named after the process, and only then looks for others. Of two that start together at least one sees the other, and
 * a dead process's claim can be removed without ever hitting a living one's: its name is used once.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #claims: string;
  readonly #own: ProcessIdentity = ownIdentity();
  readonly #ownClaim: string;
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#claims = join(folder, 'locks');
    this.#ownClaim = join(this.#claims, nameOf(this.#own));
  }

  /** Throws a PersistenceError that names the folder and the process that has it. */
  static async take(folder: string): Promise<FolderLock> {
    const lock = new FolderLock(folder);
    await lock.#take();
    return lock;
  }

  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    heldHere.delete(this.#folder);
    await rm(this.#ownClaim, { force: true });
  }

  async #take(): Promise<void> {
    if (heldHere.has(this.#folder)) throw this.#refusal(this.#own);
    heldHere.add(this.#folder);
    const startedAt = Date.now();
    try {
      await mkdir(this.#claims, { recursive: true, mode: 0o700 });
      for (let rival = await this.#claim(); rival !== undefined; rival = await this.#claim()) {
        const patienceMs = this.#isNeighbour(rival) ? CONTEST_MS : SILENT_AFTER_MS;
        if (Date.now() - startedAt > patienceMs) throw this.#refusal(rival);
        await delay(20 + Math.random() * 100);
      }
    } catch (error) {
      heldHere.delete(this.#folder);
      throw error;
    }
    this.#heartbeat = setInterval(() => void this.#touch(), HEARTBEAT_MS).unref();
  }

  /** Puts our claim there; takes it back, and gives the rival, when there is another that counts. */
  async #claim(): Promise<ProcessIdentity | undefined> {
    await writeFile(this.#ownClaim, '', { mode: 0o600 });
    const rival = await this.#livingRival();
    if (rival !== undefined) await rm(this.#ownClaim, { force: true });
    return rival;
  }

  async #livingRival(): Promise<ProcessIdentity | undefined> {
    for (const name of await readdir(this.#claims)) {
      const claim = CLAIM.exec(name);
      const path = join(this.#claims, name);
      if (claim === null || path === this.#ownClaim) continue;
      const [pid = 0, startedAt = 0, namespace = 0] = claim.slice(1).map(Number);
      const rival = { pid, startedAt, namespace };
      const lives = this.#isNeighbour(rival) ? isRunning(rival) : await touchedLately(path);
      if (lives) return rival;
      await rm(path, { force: true });
    }
    return undefined;
  }

  #isNeighbour({ namespace }: ProcessIdentity): boolean {
    return namespace === this.#own.namespace;
  }

  async #touch(): Promise<void> {
    const now = new Date();
    await utimes(this.#ownClaim, now, now).catch(() => undefined); // The folder may be gone: nothing left to guard.
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

async function touchedLately(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs < SILENT_AFTER_MS;
  } catch {
    return false; // Its owner took it back while we looked.
  }
}
