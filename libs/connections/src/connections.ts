import { randomBytes } from 'node:crypto';
import type { Door } from '#call';
import { NotFound } from '#errors';
import type { StateConnection } from '#valkey';
import { entryOf, type Connected, type ConnectionEntry } from './connected.ts';
import { SharedConnections } from './shared-connections.ts';

const ID_BYTES = 6;

/** Who is connected, since when, from where, and doing what: in this process, and in all others beside the same Valkey. */
export class Connections {
  readonly #own = new Map<string, Connected>();
  readonly #replica = randomBytes(ID_BYTES).toString('hex');
  readonly #shared: SharedConnections | undefined;
  readonly #watchers: ((door: Door, change: 1 | -1) => void)[] = [];

  constructor(connection: Pick<StateConnection, 'client' | 'namespace' | 'hear' | 'up'> | undefined) {
    this.#shared =
      connection &&
      new SharedConnections({
        connection,
        replica: this.#replica,
        own: this.#own,
        close: (id) => this.#own.get(id)?.close(),
      });
  }

  /** Says which process serves it, so that any other can find it. */
  newId(): string {
    return `${this.#replica}-${randomBytes(ID_BYTES).toString('hex')}`;
  }

  /** Returns what is to be called when it is over. */
  add(connected: Connected): () => void {
    this.#own.set(connected.id, connected);
    this.#tell(connected.door, 1);
    return () => {
      this.#own.delete(connected.id);
      this.#tell(connected.door, -1);
    };
  }

  /** Whoever counts them hears of each that comes or goes. */
  watch(watcher: (door: Door, change: 1 | -1) => void): void {
    this.#watchers.push(watcher);
  }

  /** How many of a door are open here. */
  countOf(door: Door): number {
    let count = 0;
    for (const connected of this.#own.values()) if (connected.door === door) count++;
    return count;
  }

  /** Of all replicas, the youngest first. While Valkey is away, those of this one. */
  async list(): Promise<ConnectionEntry[]> {
    const own = [...this.#own.values()].map(entryOf);
    const others = (await this.#shared?.others()) ?? [];
    return [...own, ...others].toSorted((a, b) => b.since - a.since);
  }

  /**
   * Closes one, wherever it is, and says which it was.
   * @throws NotFound; GatehouseError UNAVAILABLE where the replica that serves it can't be told
   */
  async close(id: string): Promise<ConnectionEntry> {
    const own = this.#own.get(id);
    if (own) {
      const entry = entryOf(own);
      own.close();
      return entry;
    }
    const isElsewhere = !id.startsWith(`${this.#replica}-`);
    const closed = isElsewhere ? await this.#shared?.close(id) : undefined;
    if (!closed) throw new NotFound('There is no such connection');
    return closed;
  }

  #tell(door: Door, change: 1 | -1): void {
    this.#shared?.changed();
    for (const watcher of this.#watchers) watcher(door, change);
  }

  async shutdown(): Promise<void> {
    await this.#shared?.shutdown();
  }
}
