import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import type { Tables } from '#persistence';

/** Removes what a lib above this one keeps of a person, in the transaction that removes the person. */
export type Departure = (userId: string, within: Transaction<Tables>) => Promise<void>;

/** What else goes with a user who is deleted. Each lib that keeps something adds itself when the program starts. */
@Injectable()
export class Departures {
  readonly #all: Departure[] = [];

  add(departure: Departure): void {
    this.#all.push(departure);
  }

  async of(userId: string, within: Transaction<Tables>): Promise<void> {
    for (const departure of this.#all) await departure(userId, within);
  }
}
