import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { networkOf, RateLimited, type Call } from '#call';
import { Database } from '#persistence';
import { Pepper } from '../pepper.ts';
import { foldName } from '../users/user.record.ts';

/** So many may go wrong before anybody waits. */
const FREE = 5;
const LONGEST_SECONDS = 900;
/** After so long without a failure all is forgotten. */
const MEMORY_SECONDS = 3600;

/** Long ago, and not the time of the attempt: the clock of another replica may be a little behind. */
const NOBODY_HELD = sql`to_timestamp(0)`;

/** Who tries, and from where. */
export interface Attempt {
  readonly name: string;
  readonly address: string;
  /** Whether that user has logged in from there before. */
  readonly known: boolean;
  /** Counted apart from passwords and one-time codes: a right one of those must not buy more tries at it. */
  readonly at?: 'enrolment-code';
}

/**
 * Holds up who guesses: after five failures a second, then two, four, up to a quarter of an hour. Failures are counted for
 * each user at each network that the user has logged in from, and for each user at all other networks together. So
 * whoever fails elsewhere, from however many addresses, holds up nobody who comes from where he has been before.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly database: Database,
    private readonly pepper: Pepper,
  ) {}

  /** Takes one attempt, before anything is checked: those that are under way count too. @throws RateLimited */
  async take(attempt: Attempt, call: Call, at = new Date()): Promise<void> {
    const subject = this.#subjectOf(attempt);
    const { rows } = await sql<{ failures: number }>`
      insert into login_attempts as a (subject, failures, held_until, expires_at)
      values (${subject}, 1, ${NOBODY_HELD}, ${at}::timestamptz + ${MEMORY_SECONDS} * interval '1 s')
      on conflict (subject) do update set
        failures = case when a.expires_at <= ${at} then 1 else a.failures + 1 end,
        held_until = case
          when a.expires_at <= ${at} or a.failures < ${FREE - 1} then ${NOBODY_HELD}
          else ${at}::timestamptz + interval '1 s' * least(${LONGEST_SECONDS}, power(2, least(a.failures + 1 - ${FREE}, 20)))
        end,
        expires_at = excluded.expires_at
      where a.held_until <= ${at}
      returning failures`.execute(this.database.kysely);
    if (rows.length > 0) return;
    throw await this.#heldUp(subject, call, at);
  }

  /**
   * It went well, and all was shown. Where the user is known, nothing is held against him any more; elsewhere others may
   * have failed.
   */
  async forgive(attempt: Attempt): Promise<void> {
    if (!attempt.known) return this.refund(attempt);
    const deleting = this.database.kysely.deleteFrom('login_attempts');
    await deleting.where('subject', '=', this.#subjectOf(attempt)).execute();
  }

  /** This one went well. Who can show one half as often as he likes must not get new tries at the other by it. */
  async refund(attempt: Attempt): Promise<void> {
    await this.database.kysely
      .updateTable('login_attempts')
      .set({ failures: sql<number>`greatest(0, failures - 1)` })
      .where('subject', '=', this.#subjectOf(attempt))
      .execute();
  }

  async deleteExpired(at = new Date()): Promise<void> {
    await this.database.kysely.deleteFrom('login_attempts').where('expires_at', '<=', at).execute();
  }

  async #heldUp(subject: string, call: Call, at: Date): Promise<RateLimited> {
    const row = await this.database.kysely
      .selectFrom('login_attempts')
      .select('held_until')
      .where('subject', '=', subject)
      .executeTakeFirst();
    const until = row?.held_until.getTime() ?? at.getTime();
    const retryAfter = Math.max(1, Math.ceil((until - at.getTime()) / 1000));
    call.note('credential', 'not-checked');
    call.limits = {
      allowed: false,
      name: 'login',
      limit: FREE,
      remaining: 0,
      reset: Math.ceil(until / 1000),
      retryAfter,
    };
    return new RateLimited(call.limits);
  }

  /** A digest, so that the table tells nobody who tries to be whom. Names that nobody has are held up like all others. */
  #subjectOf({ name, address, known, at }: Attempt): string {
    const where = known ? networkOf(address) : 'elsewhere';
    const of = [foldName(name), where, ...(at ? [at] : [])];
    return this.pepper.digest(`login ${JSON.stringify(of)}`);
  }
}
