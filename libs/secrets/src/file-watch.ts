import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Whoever writes several files, or swaps a link, is done by then. */
const SETTLE_MS = 100;
/** `..data` is the link that Kubernetes swaps. */
const SWAPPED = '..';
/** Not every file system tells of changes, and a machine has only so many watches. */
const POLL_MS = 30_000;

/**
 * Tells when something in the folders of these files changes. Of the folders, since Kubernetes never touches the file
 * itself: it swaps a link beside it. What goes unnoticed is found by a slow poll: the listener looks for itself whether
 * anything is new.
 */
export class FileWatch {
  readonly #watchers: FSWatcher[] = [];
  readonly #names: ReadonlySet<string>;
  readonly #listener: () => void;
  readonly #poll: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;

  constructor(files: readonly string[], listener: () => void, pollMs = POLL_MS) {
    this.#listener = listener;
    this.#poll = setInterval(listener, pollMs).unref();
    this.#names = new Set(files.map((file) => basename(file)));
    for (const folder of new Set(files.map((file) => dirname(file)))) this.#watch(folder);
  }

  close(): void {
    clearTimeout(this.#settling);
    clearInterval(this.#poll);
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => this.#changed(name));
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // No folder, or no watch left on this machine: the poll is all there is.
    }
  }

  #changed(name: string | null): void {
    // Other things may lie beside secrets, and change all the time.
    if (name !== null && !this.#names.has(name) && !name.startsWith(SWAPPED)) return;
    if (this.#settling) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.#listener();
    }, SETTLE_MS).unref();
  }
}
