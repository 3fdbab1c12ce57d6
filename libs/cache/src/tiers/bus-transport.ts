import type { BusDriver } from 'bentocache/types';
import type { ValkeyConnection } from '#valkey';
import type { Hearing } from '../invalidation/hearing.ts';
import type { KeyNames } from '../key-names.ts';

export interface BusTransportOptions {
  client: ValkeyConnection['client'];
  names: KeyNames;
  hearing: Hearing;
  /** Told of each message of another process, after bentocache. */
  onNews: (news: News) => void;
}

/** What processes tell each other: changes that bentocache knows of, and ours. */
export interface News {
  readonly type: 'set' | 'delete' | 'clear' | 'expire' | 'pattern' | 'tags';
  readonly keys: readonly string[];
}

/** bentocache's messages, on our own connections. What is lost is made good when messages are heard again. */
export class BusTransport implements BusDriver {
  readonly #options: BusTransportOptions;
  #id = '';
  #lost = 0;

  constructor(options: BusTransportOptions) {
    this.#options = options;
  }

  setId(id: string): this {
    this.#id = id;
    return this;
  }

  /** Never called: when messages are heard again, memory is emptied instead. */
  onReconnect(): void {}

  /** How many messages could not be sent, but for those that only say that there is something newer. */
  get lost(): number {
    return this.#lost;
  }

  async publish(_: string, message: unknown): Promise<void> {
    const news = message as News;
    try {
      await this.say(news);
    } catch (error) {
      if (news.type !== 'set') this.#lost++;
      throw error;
    }
  }

  async say(news: News): Promise<void> {
    const { client, names } = this.#options;
    await client.publish(names.news, this.write(news));
  }

  write(news: News): string {
    return JSON.stringify({ from: this.#id, ...news });
  }

  async subscribe(_: string, handler: (message: never) => unknown): Promise<void> {
    const { hearing, onNews } = this.#options;
    hearing.onMessage((text) => {
      const message = read(text);
      if (!message || message.from === this.#id) return;
      void handler(message as never);
      onNews(message);
    });
  }

  async unsubscribe(): Promise<void> {}

  async disconnect(): Promise<void> {}
}

/** Whoever may write in Valkey may say anything here; the worst that comes of it is that something is computed again. */
function read(text: string): (News & { from: string }) | undefined {
  try {
    const message = JSON.parse(text) as News & { from: string };
    return Array.isArray(message.keys) && message.keys.every((key) => typeof key === 'string')
      ? message
      : undefined;
  } catch {
    return undefined;
  }
}
