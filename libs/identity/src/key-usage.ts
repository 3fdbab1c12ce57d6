import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { KeyStore } from './key-store.ts';

const FLUSH_MS = 60_000;

/** When keys were last used, written behind and in one go: never on a call's way, and at most once a minute a key. */
@Injectable()
export class KeyUsage implements OnModuleInit, BeforeApplicationShutdown {
  /** By key id. As many as there are keys: only proven ones come here. */
  #pending = new Map<string, Date>();
  #timer: NodeJS.Timeout | undefined;
  readonly #log = new Logger('Identity');

  constructor(private readonly store: KeyStore) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Before the shutdown proper, while the database is still open. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  note(keyId: string, at: Date): void {
    this.#pending.set(keyId, at);
  }

  /** Never rejects: what could not be written waits for the next time. */
  async flush(): Promise<void> {
    if (this.#pending.size === 0) return;
    const uses = this.#pending;
    this.#pending = new Map();
    try {
      await this.store.touch(uses);
    } catch (error) {
      this.#pending = new Map([...uses, ...this.#pending]);
      this.#log.warn({ err: error }, 'The last use of API keys was not written: trying again in a minute');
    }
  }
}
