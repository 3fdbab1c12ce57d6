import { hash, randomBytes } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { GatehouseError } from '#errors';
import { Authority, Authorities } from './authority.ts';
import { KeyNews } from './key-news.ts';
import { RecentMap } from './recent-map.ts';
import type { Proven, Refused, Verdict } from './verdict.ts';

/** A key that was revoked on another replica is refused here within this time, also where its news are lost. */
const PROVEN_MS = 1000;
/** From this age on a verdict is renewed behind the calls that still use it, so that a busy key never waits. */
const RENEW_MS = 500;
/** An unknown key stays unknown, and a revoked one revoked; this bounds how long a restored backup is overlooked. */
const REFUSED_MS = 30_000;
/** About 4 MB each when full. Keys that are used are renewed, so what falls out is what rests. */
const CAPACITY = 10_000;
/** Before the id of a principal, in the news: no key is called that. */
const ALL_OF = 'principal:';

/** A token that somebody has to be asked about. */
export interface Question {
  /** As `nameOf` has it. */
  readonly name: string;
  readonly token: string;
  readonly authority: Authority;
}

/** What was said of credentials that were presented lately. They are named by a hash of them, never kept. */
@Injectable()
export class Verdicts implements OnModuleDestroy {
  readonly #proven = new RecentMap<Proven>(CAPACITY);
  readonly #refused = new RecentMap<Refused>(CAPACITY);
  /** Questions that wait for the store, each asked once however many callers wait. */
  readonly #flights = new Map<string, Promise<Verdict>>();
  readonly #salt = randomBytes(16).toString('base64');
  readonly #listeners: ((keyId: string) => void)[] = [];
  #epoch = 0;

  constructor(
    private readonly authorities: Authorities,
    private readonly news: KeyNews,
  ) {
    news.listen((keyId) => this.#forget(keyId));
  }

  get size(): number {
    return this.#proven.size + this.#refused.size + this.#flights.size;
  }

  /** The name of a token in here, of no use to anyone who reads this process's memory. */
  nameOf(token: string): string {
    return hash('sha256', this.#salt + token, 'hex');
  }

  /** What is known and still fresh. Renews what will not be fresh for long. */
  recall(name: string, token: string): Verdict | undefined {
    const proven = this.#proven.get(name);
    if (proven) {
      const age = performance.now() - proven.askedAt;
      if (age >= PROVEN_MS) return undefined;
      if (age >= RENEW_MS && !this.#flights.has(name)) this.#renew(name, token);
      return proven;
    }
    const refused = this.#refused.get(name);
    return refused && performance.now() - refused.askedAt < REFUSED_MS ? refused : undefined;
  }

  /** Whether asking costs no guess: the key was proven before, or somebody else is asking already. */
  expects(name: string): boolean {
    return this.#proven.has(name) || this.#flights.has(name);
  }

  remember(name: string, verdict: Verdict): void {
    if (verdict.proven) {
      verdict.usedAt = Math.max(verdict.usedAt, this.#proven.get(name)?.usedAt ?? 0);
      this.#proven.set(name, verdict);
      this.#refused.delete(name);
    } else {
      if (!verdict.passing) this.#refused.set(name, verdict);
      this.#proven.delete(name);
    }
  }

  /** What was refused may be good by now: it is looked at anew. */
  reconsider(): void {
    this.#refused.deleteWhere(() => true);
  }

  /** Asks the authority. Fails closed: @throws GatehouseError UNAVAILABLE */
  ask(question: Question): Promise<Verdict> {
    const { name } = question;
    const waiting = this.#flights.get(name);
    if (waiting) return waiting;
    const flight = this.#fly(question).finally(() => {
      if (this.#flights.get(name) === flight) this.#flights.delete(name);
    });
    this.#flights.set(name, flight);
    return flight;
  }

  /** Told of each key whose verdict counts no more, whoever has changed it. */
  onForgotten(listener: (keyId: string) => void): void {
    this.#listeners.push(listener);
  }

  /** What is known of a key may be of before. */
  doubt(keyId: string): void {
    this.#forget(keyId);
  }

  /** Forgets a key that has just been changed here, and has the other replicas forget it. */
  forget(keyId: string): void {
    this.#forget(keyId);
    this.news.tell(keyId);
  }

  onModuleDestroy(): void {
    this.news.close();
  }

  /** The same of whatever somebody has shown here, and on other replicas. */
  forgetAllOf(principalId: string): void {
    this.#forget(ALL_OF + principalId);
    this.news.tell(ALL_OF + principalId);
  }

  /** All that is being asked, too: the answer may be of before. */
  #forget(name: string): void {
    this.#epoch++;
    this.#flights.clear();
    const told = new Set(name.startsWith(ALL_OF) ? [] : [name]);
    // Too old to count, and kept all the same: to show again what was good is no guess.
    for (const proven of this.#proven.values()) {
      const { id, keyId } = proven.principal;
      if (keyId !== name && ALL_OF + id !== name) continue;
      proven.askedAt = -Infinity;
      told.add(keyId);
    }
    for (const keyId of told) for (const listener of this.#listeners) listener(keyId);
  }

  /** A failure is not lost: the first call after PROVEN_MS asks again, waits, and is refused. */
  #renew(name: string, token: string): void {
    const authority = this.authorities.competentFor(token);
    if (authority instanceof Authority) this.ask({ name, token, authority }).catch(() => undefined);
  }

  async #fly({ name, token, authority }: Question): Promise<Verdict> {
    const epoch = this.#epoch;
    const askedAt = performance.now();
    try {
      const verdict = await authority.judge(token, askedAt);
      if (epoch === this.#epoch) this.remember(name, verdict);
      return verdict;
    } catch (cause) {
      throw new GatehouseError('UNAVAILABLE', 'Credentials cannot be checked at the moment: try again', {
        cause,
      });
    }
  }
}
