import type { ApiKey } from '../api-key.record.ts';
import { MemoryKeyStore } from './memory-key-store.ts';

/** Counts its questions, and can be slow or down: for specs of what stands before a store. */
export class WatchedKeyStore extends MemoryKeyStore {
  asked = 0;
  down = false;
  /** Answers wait for it. */
  gate: Promise<void> | undefined;

  override async find(digests: readonly string[]): Promise<ApiKey | undefined> {
    this.asked++;
    const found = await super.find(digests);
    await this.gate;
    if (this.down) throw new Error('the database at 10.0.0.3 is gone');
    return found;
  }
}
