import type { ApiKey } from '../api-key.record.ts';
import { KeyStore, type KeyPage } from '../key-store.ts';

/** Keeps keys in the memory of the process: for specs, and as the shortest account of what a store must do. */
export class MemoryKeyStore extends KeyStore {
  readonly #keys = new Map<string, { key: ApiKey; digest: string }>();

  async find(digests: readonly string[]): Promise<ApiKey | undefined> {
    return [...this.#keys.values()].find((kept) => digests.includes(kept.digest))?.key;
  }

  async moveDigest(from: string, to: string): Promise<void> {
    const kept = [...this.#keys.values()].find(({ digest }) => digest === from);
    if (kept) kept.digest = to;
  }

  async get(id: string): Promise<ApiKey | undefined> {
    return this.#keys.get(id)?.key;
  }

  async successorOf(id: string): Promise<ApiKey | undefined> {
    return this.#all().find(({ rotatedFrom }) => rotatedFrom === id);
  }

  async list({ skip, limit }: { skip: number; limit: number }): Promise<KeyPage> {
    const keys = this.#all().sort((a, b) => +b.createdAt - +a.createdAt || (a.id < b.id ? -1 : 1));
    return { keys: keys.slice(skip, skip + limit), total: keys.length };
  }

  async isEmpty(): Promise<boolean> {
    return this.#keys.size === 0;
  }

  async insert(key: ApiKey, digest: string): Promise<boolean> {
    const name = key.name.toLowerCase();
    if (this.#all().some((other) => inUse(other) && other.name.toLowerCase() === name)) return false;
    this.#keys.set(key.id, { key, digest });
    return true;
  }

  async supersede(next: ApiKey, digest: string, endsAt: Date): Promise<boolean> {
    const old = this.#keys.get(next.rotatedFrom!)?.key;
    if (!old || !inUse(old)) return false;
    const expiresAt = old.expiresAt < endsAt ? old.expiresAt : endsAt;
    this.#change({ ...old, supersededAt: next.createdAt, expiresAt });
    this.#keys.set(next.id, { key: next, digest });
    return true;
  }

  async revoke(id: string, at: Date, sparing: 'last-admin' | 'none'): Promise<boolean> {
    const admins = this.#all().filter((key) => key.role === 'admin' && !key.revokedAt && key.expiresAt > at);
    if (sparing === 'last-admin' && admins.length === 1 && admins[0]?.id === id) return false;
    const key = this.#keys.get(id)?.key;
    if (key && !key.revokedAt) this.#change({ ...key, revokedAt: at });
    return true;
  }

  async goodAmong(ids: readonly string[], at: Date): Promise<ReadonlySet<string>> {
    const good = this.#all().filter((key) => !key.revokedAt && key.expiresAt > at);
    return new Set(good.map(({ id }) => id).filter((id) => ids.includes(id)));
  }

  async touch(uses: ReadonlyMap<string, Date>): Promise<void> {
    for (const [id, at] of uses) {
      const key = this.#keys.get(id)?.key;
      if (key && (!key.lastUsedAt || key.lastUsedAt < at)) this.#change({ ...key, lastUsedAt: at });
    }
  }

  #all(): ApiKey[] {
    return [...this.#keys.values()].map(({ key }) => key);
  }

  #change(key: ApiKey): void {
    this.#keys.set(key.id, { ...this.#keys.get(key.id)!, key });
  }
}

function inUse({ revokedAt, supersededAt }: ApiKey): boolean {
  return !revokedAt && !supersededAt;
}
