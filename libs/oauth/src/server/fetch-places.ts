import { networkOf } from '#call';

export interface Places {
  readonly all: number;
  /** Of those who ask from one network, and of those that lead to one host. */
  readonly network: number;
  readonly host: number;
}

interface Fetching {
  readonly host: string;
  readonly network: string;
  readonly since: number;
  readonly abort: AbortController;
}

/** What is younger gives way to nobody: a server that answers at all has answered by then, and no flood makes a thousand look-ups of names. */
const PATIENCE_MS = 250;

/**
 * Who may have something fetched. Where all places are taken, of a network, of a host or of all, the fetch that has taken the
 * longest gives way: so servers that never answer hold up nobody but themselves. It is asked of whoever crowds first: of
 * his own network before that of others.
 */
export class FetchPlaces {
  /** The oldest first. */
  readonly #running = new Set<Fetching>();
  readonly #places: Places;
  readonly #now: () => number;

  constructor(places: Places, now: () => number = () => performance.now()) {
    this.#places = places;
    this.#now = now;
  }

  /** @throws Error where there is no place; whatever `work` throws, also once its place was taken */
  async during<T>(
    { host, address }: { host: string; address: string },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const network = networkOf(address);
    // Whoever goes on with a log-in is bounded by that.
    if (network !== '') this.#makeRoom(this.#places.network, (one) => one.network === network);
    this.#makeRoom(this.#places.host, (one) => one.host === host);
    this.#makeRoom(this.#places.all, () => true);
    const fetching: Fetching = { host, network, since: this.#now(), abort: new AbortController() };
    this.#running.add(fetching);
    try {
      return await work(fetching.abort.signal);
    } finally {
      this.#running.delete(fetching);
    }
  }

  #makeRoom(most: number, among: (one: Fetching) => boolean): void {
    const rivals = [...this.#running].filter(among);
    if (rivals.length < most) return;
    const oldest = rivals[0]!;
    if (this.#now() - oldest.since < PATIENCE_MS)
      throw new Error('Too many client documents are being fetched');
    this.#running.delete(oldest);
    oldest.abort.abort(new Error('Others wait, and this took the longest'));
  }
}
