import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { ConfigOf } from '#config';
import { ConversationStore } from './conversation.store.ts';
import { knowledgeConfig } from './knowledge.config.ts';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** At a time, so that nobody waits long for the embedded database meanwhile. */
const BATCH = 50;

/** At the start and every hour: deletes the conversations whose time is over (RAG-36), and clears away what was deleted. */
@Injectable()
export class ConversationUpkeep implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Knowledge');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    @Inject(knowledgeConfig.KEY) private readonly config: ConfigOf<typeof knowledgeConfig>,
    private readonly store: ConversationStore,
  ) {}

  onApplicationBootstrap(): void {
    this.#running = this.#tidy();
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#tidy());
    }, EVERY_MS);
    this.#timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #tidy(): Promise<void> {
    try {
      const deleted = await this.#deleteOld();
      const { retentionDays } = this.config;
      if (deleted > 0)
        this.#logger.log(`Deleted ${deleted} conversations that were older than ${retentionDays} days`);
      await this.store.vacuum();
    } catch (error) {
      this.#logger.error(`The upkeep of the conversations failed: ${(error as Error).message}`);
    }
  }

  async #deleteOld(): Promise<number> {
    const { retentionDays } = this.config;
    if (retentionDays === 0) return 0;
    const moment = new Date(Date.now() - retentionDays * DAY_MS);
    let deleted = 0;
    for (let last = BATCH; last === BATCH && !this.#stopped; deleted += last) {
      last = await this.store.deleteBefore(moment, BATCH);
    }
    return deleted;
  }
}
