import type { ValkeyConnection } from '#valkey';
import { KeyNews } from './key-news.ts';

const MAX_ID_LENGTH = 64;

/** Over a channel of Valkey, which hears each other replica within a round trip. */
export class ValkeyKeyNews extends KeyNews {
  readonly #connection: ValkeyConnection;
  readonly #channel: string;
  readonly #listeners: ((keyId: string) => void)[] = [];
  #listening = false;

  constructor(connection: ValkeyConnection) {
    super();
    this.#connection = connection;
    this.#channel = `${connection.namespace}:keys:changed`;
  }

  override tell(keyId: string): void {
    this.#connection.client.publish(this.#channel, keyId).catch(() => undefined);
  }

  override listen(listener: (keyId: string) => void): void {
    this.#listeners.push(listener);
    if (this.#listening) return;
    this.#listening = true;
    const subscriber = this.#connection.subscriber();
    const subscribe = () => void subscriber.subscribe(this.#channel).catch(() => undefined);
    // A command of now would fail where the connection is not up yet; after an outage ioredis subscribes again.
    if (subscriber.status === 'ready') subscribe();
    else subscriber.once('ready', subscribe);
    subscriber.on('message', (channel: string, keyId: string) => {
      if (channel === this.#channel && keyId.length <= MAX_ID_LENGTH) this.#hear(keyId);
    });
  }

  override close(): void {
    this.#listeners.splice(0);
  }

  #hear(keyId: string): void {
    for (const listener of this.#listeners) listener(keyId);
  }
}
