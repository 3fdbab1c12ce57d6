import { Injectable } from '@nestjs/common';
import { GatehouseError } from '#errors';
import { fitsHash, hashPassword } from './password-hash.ts';

/** At a time: 40 MB, and half of the threads that Node has for files and look-ups too. */
const AT_ONCE = 2;
/** Each waits some 50 ms for each before it, so the last of them waits a second and a half. */
const MAX_WAITING = 32;

/** All slow hashing goes through here, so that a flood of logins takes neither the memory nor the threads of others. */
@Injectable()
export class PasswordHasher {
  #running = 0;
  /** Whoever comes from where the user has logged in before does not stand behind strangers. */
  readonly #known: (() => void)[] = [];
  readonly #strangers: (() => void)[] = [];

  hash(password: string): Promise<string> {
    return this.#inTurn(this.#known, () => hashPassword(password));
  }

  /** @throws GatehouseError UNAVAILABLE when too many wait */
  fits(password: string, hash: string, { known }: { known: boolean }): Promise<boolean> {
    return this.#inTurn(known ? this.#known : this.#strangers, () => fitsHash(password, hash));
  }

  async #inTurn<T>(queue: (() => void)[], work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (queue.length >= MAX_WAITING)
        throw new GatehouseError('UNAVAILABLE', 'Too many people log in at the moment: try again');
      await new Promise<void>((start) => queue.push(start));
    } else this.#running++;
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody who comes meanwhile slips in.
      const next = this.#known.shift() ?? this.#strangers.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
