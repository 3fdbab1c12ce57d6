import { networkOf, type Door } from '#call';
import type { ConnectionSettings } from './connections.config.ts';
import type { TurnedAway } from './turned-away.ts';

export interface ConnectionCapsOptions extends ConnectionSettings {
  /** MAX_CONNECTIONS. */
  readonly total: number;
  /** Addresses that everybody comes through. */
  readonly isShared: (address: string) => boolean;
  readonly turnedAway: Pick<TurnedAway, 'count'>;
}

/** A place that a connection holds, until it gives it back. */
export type Release = () => void;

/** How many may be connected: in all, of one address, and at one door. What is taken counts at once. */
export class ConnectionCaps {
  readonly #options: ConnectionCapsOptions;
  readonly #byNetwork = new Map<string, number>();
  readonly #byDoor = new Map<Door, number>();
  #all = 0;

  constructor(options: ConnectionCapsOptions) {
    this.#options = options;
  }

  /** For a socket that was accepted just now: undefined, and counted as turned away, where there are too many. */
  take(address: string): Release | undefined {
    const { total } = this.#options;
    const leave = this.#all < total ? this.takeAddress(address) : undefined;
    if (!leave) {
      this.#options.turnedAway.count(networkOf(address));
      return undefined;
    }
    this.#all++;
    return once(() => {
      this.#all--;
      leave();
    });
  }

  /** For a client behind a proxy, beside the proxy's own socket. */
  takeAddress(address: string): Release | undefined {
    const { perAddress, isShared } = this.#options;
    if (isShared(address)) return () => undefined;
    const network = networkOf(address);
    const count = this.#byNetwork.get(network) ?? 0;
    if (count >= perAddress) return undefined;
    this.#byNetwork.set(network, count + 1);
    return once(() => {
      const left = (this.#byNetwork.get(network) ?? 1) - 1;
      if (left === 0) this.#byNetwork.delete(network);
      else this.#byNetwork.set(network, left);
    });
  }

  takeDoor(door: 'ws' | 'tcp'): Release | undefined {
    const most = door === 'ws' ? this.#options.websockets : this.#options.tcp;
    const count = this.#byDoor.get(door) ?? 0;
    if (count >= most) return undefined;
    this.#byDoor.set(door, count + 1);
    return once(() => this.#byDoor.set(door, this.#byDoor.get(door)! - 1));
  }
}

function once(release: Release): Release {
  let done = false;
  return () => {
    if (!done) release();
    done = true;
  };
}
