import { Inject, Injectable, Optional, type OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import type { Params } from '../wire/message.ts';
import { detailedTask } from './task-json.ts';
import { TaskStore } from './task-store.ts';
import { hasEnded, type Task } from './task.ts';
import { tasksConfig } from './tasks.config.ts';

/** A task may change in another process, so it is looked at rather than heard of. */
const EVERY_MS = 1_000;

interface Watcher {
  readonly principal: Principal;
  /** What was told last of each task that is still to change. */
  readonly told: Map<string, number>;
  /** Hears of a task as `tasks/get` would show it. */
  readonly tell: (params: Params) => void;
}

/** Tells those who listen how their tasks stand: at first, and each time that it changes. */
@Injectable()
export class TaskWatch implements OnModuleDestroy {
  readonly #watchers = new Set<Watcher>();
  readonly #pollIntervalMs: number;
  #clock: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(
    @Inject(tasksConfig.KEY) config: ConfigOf<typeof tasksConfig>,
    @Optional() @Inject(TaskStore) private readonly store: TaskStore | undefined,
  ) {
    this.#pollIntervalMs = config.pollIntervalMs;
  }

  /** Those of these tasks that are the principal's own. */
  async ownOf(ids: readonly string[], principal: Principal): Promise<readonly string[]> {
    const tasks = (await this.store?.findAll(ids, principal)) ?? [];
    return tasks.map(({ id }) => id);
  }

  /** Returns what ends the watch. */
  watch(ids: readonly string[], principal: Principal, tell: Watcher['tell']): () => void {
    const watcher: Watcher = { principal, told: new Map(ids.map((id) => [id, 0])), tell };
    this.#watchers.add(watcher);
    this.#clock ??= setInterval(() => void this.look(), EVERY_MS).unref();
    void this.look();
    return () => this.#forget(watcher);
  }

  /** Never rejects: a database that is down says so itself, and is asked again. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    for (const watcher of this.#watchers) await this.#lookFor(watcher).catch(() => undefined);
    this.#looking = false;
  }

  onModuleDestroy(): void {
    clearInterval(this.#clock);
  }

  async #lookFor(watcher: Watcher): Promise<void> {
    const { told, principal } = watcher;
    if (told.size === 0) return;
    const tasks = new Map<string, Task>();
    for (const task of await this.store!.findAll([...told.keys()], principal)) tasks.set(task.id, task);
    for (const [id, toldAt] of told) {
      const task = tasks.get(id);
      const changed = task && task.updatedAt.getTime() !== toldAt;
      if (changed && this.#watchers.has(watcher)) watcher.tell(detailedTask(task, this.#pollIntervalMs));
      // Nothing comes after the end.
      if (!task || hasEnded(task)) told.delete(id);
      else told.set(id, task.updatedAt.getTime());
    }
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#clock);
    this.#clock = undefined;
  }
}
