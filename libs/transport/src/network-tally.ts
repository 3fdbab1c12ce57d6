import { networkOf } from '#call';

const PERIOD_MS = 60_000;
const MAX_NETWORKS = 1_000;

/** What is written of one network: how often it has happened since the last time. */
export type WriteTally = (network: string, attempts: number, reason: string) => void;

/**
 * What strangers do before there is a call: the first from a network is written at once, and of those that follow one line a
 * minute, so that nobody can fill the journal with it.
 */
export class NetworkTally {
  readonly #since = new Map<string, number>();
  readonly #clock: NodeJS.Timeout;

  constructor(private readonly write: WriteTally) {
    this.#clock = setInterval(() => this.#writeAll(), PERIOD_MS).unref();
  }

  note(address: string, reason: string): void {
    const network = networkOf(address);
    const before = this.#since.get(network);
    if (before !== undefined) this.#since.set(network, before + 1);
    // What does not find a place is counted with the others of its kind.
    else if (this.#since.size >= MAX_NETWORKS)
      this.#since.set('others', (this.#since.get('others') ?? 0) + 1);
    else {
      this.#since.set(network, 0);
      this.write(network, 1, reason);
    }
  }

  close(): void {
    clearInterval(this.#clock);
    this.#writeAll();
  }

  #writeAll(): void {
    const counted = [...this.#since].filter(([, count]) => count > 0);
    this.#since.clear();
    for (const [network, count] of counted) this.write(network, count, 'several');
  }
}
