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

/** Deletes conversations when their time is over (RAG-36): at the start, and every hour. */
@Injectable()
export class ConversationRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Knowledge');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    @Inject(knowledgeConfig.KEY) private readonly config: ConfigOf<typeof knowledgeConfig>,
    private readonly store: ConversationStore,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.retentionDays === 0) return;
    this.#running = this.#sweep();
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#sweep());
    }, EVERY_MS);
    this.#timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sweep(): Promise<void> {
    const { retentionDays } = this.config;
    const moment = new Date(Date.now() - retentionDays * DAY_MS);
    let deleted = 0;
    try {
      for (let last = BATCH; last === BATCH && !this.#stopped; deleted += last) {
        last = await this.store.deleteBefore(moment, BATCH);
      }
    } catch (error) {
      this.#logger.error(`Conversations that are over could not all be deleted: ${(error as Error).message}`);
    }
    if (deleted > 0)
      this.#logger.log(`Deleted ${deleted} conversations that were older than ${retentionDays} days`);
  }
}
