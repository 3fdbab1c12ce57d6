import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

export interface WatchOptions {
  onChange: () => void;
  /** News come in bursts: how long it has to be quiet, in milliseconds. */
  settleMs?: number;
  /** How often to look without any news, in milliseconds. */
  pollMs?: number;
}

const SETTLE_MS = 250;
const POLL_MS = 30_000;

/**
 * Says when files may have changed. It is their folders that are watched: a Kubernetes volume is renewed by a symbolic
 * link in the folder, which whoever watches the file itself never hears of. And it looks now and then all the same:
 * not every file system tells, and the link of a file may lead elsewhere.
 */
export class WatchedFiles {
  readonly #watchers: FSWatcher[];
  readonly #poll: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;

  constructor(paths: readonly string[], { onChange, settleMs = SETTLE_MS, pollMs = POLL_MS }: WatchOptions) {
    const hear = (): void => {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(onChange, settleMs).unref();
    };
    this.#watchers = [...new Set(paths.map((path) => dirname(path)))].flatMap((folder) =>
      watchFolder(folder, hear),
    );
    this.#poll = setInterval(onChange, pollMs).unref();
  }

  close(): void {
    clearTimeout(this.#settling);
    clearInterval(this.#poll);
    for (const watcher of this.#watchers) watcher.close();
  }
}

/** Where there is no watcher to be had (there is a limit to their number), looking now and then has to do. */
function watchFolder(folder: string, hear: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, hear);
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}
