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
    this.#connection.hear(this.#channel, (keyId) => {
      if (keyId.length <= MAX_ID_LENGTH) this.#hear(keyId);
    });
  }

  override close(): void {
    this.#listeners.splice(0);
  }

  #hear(keyId: string): void {
    for (const listener of this.#listeners) listener(keyId);
  }
}
