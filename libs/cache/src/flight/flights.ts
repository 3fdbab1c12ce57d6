import type { CacheOutcome } from '../cache.ts';

/** What has come of a computation, for all who wait for it: a value as JSON text, or what NotFound said. */
export interface Landing {
  readonly text?: string | undefined;
  readonly notFound?: string | undefined;
  readonly outcome: CacheOutcome;
}

/** One computation under way in this process, or the waiting for that of another process. */
export class Flight {
  readonly key: string;
  readonly generation: string;
  readonly since = performance.now();
  /** What comes of it is not kept: its key was invalidated meanwhile, or it takes too long. */
  dropped = false;
  /** Whoever began it has gone; that is no answer for those who wait. */
  abandoned = false;
  landing!: Promise<Landing>;

  constructor(key: string, generation: string) {
    this.key = key;
    this.generation = generation;
  }
}

/** The flights of this process: one for each key, of the newest generation. */
export class Flights {
  readonly #maxMs: number;
  readonly #flights = new Map<string, Flight>();

  /** @param maxMs after so long, a flight is left to itself, and the next caller begins another one */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  of(key: string, generation: string): Flight | undefined {
    const flight = this.#flights.get(key);
    if (flight?.generation !== generation) return undefined;
    if (performance.now() - flight.since < this.#maxMs) return flight;
    this.#drop(flight);
    return undefined;
  }

  begin(key: string, generation: string, fly: (flight: Flight) => Promise<Landing>): Flight {
    const flight = new Flight(key, generation);
    this.#flights.set(key, flight);
    flight.landing = fly(flight).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    flight.landing.catch(() => undefined); // Somebody waits for it, or nobody cares.
    return flight;
  }

  dropWhere(fits: (key: string) => boolean): void {
    for (const flight of this.#flights.values()) if (fits(flight.key)) this.#drop(flight);
  }

  /** Resolves when all have landed. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#flights.values()].map(({ landing }) => landing));
  }

  #drop(flight: Flight): void {
    flight.dropped = true;
    this.#flights.delete(flight.key);
  }
}
