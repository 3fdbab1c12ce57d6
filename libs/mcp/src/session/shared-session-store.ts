import { SessionStore, type SessionState } from './session-store.ts';

/**
 * The sessions of all replicas, with a copy here of those that are served here: when the shared store is away, they go on,
 * and new ones begin here alone. A session gives no rights (each request proves its key), so a copy that is a little old
 * does no harm.
 */
export class SharedSessionStore extends SessionStore {
  /** Begun while the shared store was away, which has not heard of them. */
  readonly #unshared = new Set<string>();

  constructor(
    private readonly shared: SessionStore,
    private readonly local: SessionStore,
  ) {
    super();
  }

  override async add(state: SessionState): Promise<string | undefined> {
    const endedHere = await this.local.add(state);
    const unheard = endedHere !== undefined && this.#unshared.delete(endedHere) ? endedHere : undefined;
    return this.#orElse(
      async () => (await this.shared.add(state)) ?? unheard,
      () => {
        this.#unshared.add(state.id);
        return endedHere;
      },
    );
  }

  override find(id: string): Promise<SessionState | undefined> {
    return this.#orElse(
      async () => {
        const state = (await this.shared.find(id)) ?? (await this.#share(id));
        if (state) await this.#copy(state);
        else await this.local.remove(id);
        return state;
      },
      () => this.local.find(id),
    );
  }

  override async change(id: string, change: Partial<SessionState>): Promise<void> {
    await this.local.change(id, change);
    await this.#orElse(
      async () => this.shared.change(id, change),
      () => undefined,
    );
  }

  override async remove(id: string): Promise<void> {
    await this.local.remove(id);
    this.#unshared.delete(id);
    await this.#orElse(
      async () => this.shared.remove(id),
      () => undefined,
    );
  }

  override async expire(): Promise<readonly string[]> {
    const endedHere = await this.local.expire();
    // The shared store has never heard of these, and so can't say that they are over.
    const unheard = endedHere.filter((id) => this.#unshared.delete(id));
    const ended = await this.#orElse(
      async () => [...unheard, ...(await this.shared.expire())],
      () => endedHere,
    );
    for (const id of ended) await this.local.remove(id);
    return ended;
  }

  async #share(id: string): Promise<SessionState | undefined> {
    if (!this.#unshared.has(id)) return undefined;
    const state = await this.local.find(id);
    if (state) await this.shared.add(state);
    this.#unshared.delete(id);
    return state;
  }

  async #copy(state: SessionState): Promise<void> {
    if (await this.local.find(state.id)) await this.local.change(state.id, state);
    else await this.local.add(state);
  }

  async #orElse<T>(shared: () => Promise<T>, alone: () => T | Promise<T>): Promise<T> {
    try {
      return await shared();
    } catch {
      // Away, full or out of order: whatever it is, its connection says so.
      return alone();
    }
  }
}
