import { SessionStore, type SessionState } from './session-store.ts';

interface Kept {
  state: SessionState;
  usedAt: number;
}

export interface MemorySessionStoreOptions {
  readonly timeoutMs: number;
  readonly perClient: number;
  /** Of all clients together. */
  readonly total: number;
}

/** The sessions of one process. */
export class MemorySessionStore extends SessionStore {
  /** In the order of their last use. */
  readonly #sessions = new Map<string, Kept>();
  readonly #byPrincipal = new Map<string, Set<string>>();

  constructor(private readonly options: MemorySessionStoreOptions) {
    super();
  }

  get size(): number {
    return this.#sessions.size;
  }

  override add(state: SessionState): string | undefined {
    const own = this.#byPrincipal.get(state.principalId) ?? new Set();
    const oldest = this.#oneTooMany(own);
    if (oldest !== undefined) this.remove(oldest);
    own.add(state.id);
    this.#byPrincipal.set(state.principalId, own);
    this.#sessions.set(state.id, { state, usedAt: performance.now() });
    return oldest;
  }

  override find(id: string): SessionState | undefined {
    const kept = this.#sessions.get(id);
    if (!kept || this.#isExpired(kept)) return undefined;
    kept.usedAt = performance.now();
    this.#sessions.delete(id);
    this.#sessions.set(id, kept);
    return kept.state;
  }

  override change(id: string, change: Partial<SessionState>): void {
    const kept = this.#sessions.get(id);
    if (kept) kept.state = { ...kept.state, ...change };
  }

  override remove(id: string): void {
    const kept = this.#sessions.get(id);
    if (!kept) return;
    this.#sessions.delete(id);
    const { principalId } = kept.state;
    const own = this.#byPrincipal.get(principalId);
    own?.delete(id);
    if (own?.size === 0) this.#byPrincipal.delete(principalId);
  }

  override expire(): string[] {
    const ended: string[] = [];
    for (const [id, kept] of this.#sessions) {
      if (!this.#isExpired(kept)) break;
      ended.push(id);
    }
    for (const id of ended) this.remove(id);
    return ended;
  }

  /** A client at its bound loses one of its own; past the bound of all, anyone's may go. */
  #oneTooMany(own: ReadonlySet<string>): string | undefined {
    if (own.size >= this.options.perClient) return this.#restedLongest(own);
    return this.#sessions.size >= this.options.total ? this.#sessions.keys().next().value : undefined;
  }

  #isExpired({ usedAt }: Kept): boolean {
    return performance.now() - usedAt >= this.options.timeoutMs;
  }

  #restedLongest(ids: ReadonlySet<string>): string | undefined {
    let oldest: { id: string; usedAt: number } | undefined;
    for (const id of ids) {
      const usedAt = this.#sessions.get(id)?.usedAt ?? 0;
      if (!oldest || usedAt < oldest.usedAt) oldest = { id, usedAt };
    }
    return oldest?.id;
  }
}
