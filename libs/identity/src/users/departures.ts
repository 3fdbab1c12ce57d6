import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import type { Tables } from '#persistence';

/** A principal, and since when whoever leaves has known what it shows. */
export interface Maker {
  readonly principalId: string;
  readonly since: Date;
}

/** What was made, or had its secret shown, by some of those, and what became of it. */
export interface Inheritance {
  /** Ids of what is gone. */
  readonly deleted: readonly string[];
  /** Ids of what stays, and lets nobody in any more until it gets another secret. */
  readonly locked: readonly string[];
  /** What may itself have made more. */
  readonly makers: readonly Maker[];
}

/** What a lib above this one does when a person is removed, in the transaction that removes the person. */
export abstract class Departure {
  /** Removes all that is kept of the person. */
  abstract forget(userId: string, within: Transaction<Tables>): Promise<void>;
  /** Sees to it that what they know of programs' secrets is good for nothing. */
  abstract disinherit(makers: readonly Maker[], within: Transaction<Tables>): Promise<Inheritance>;
}

/** What else goes with a user who is deleted. Each lib that keeps something adds itself when the program starts. */
@Injectable()
export class Departures {
  readonly #all: Departure[] = [];

  add(departure: Departure): void {
    this.#all.push(departure);
  }

  async forget(userId: string, within: Transaction<Tables>): Promise<void> {
    for (const departure of this.#all) await departure.forget(userId, within);
  }

  async disinherit(makers: readonly Maker[], within: Transaction<Tables>): Promise<Inheritance[]> {
    const inheritances: Inheritance[] = [];
    for (const departure of this.#all) inheritances.push(await departure.disinherit(makers, within));
    return inheritances;
  }
}
