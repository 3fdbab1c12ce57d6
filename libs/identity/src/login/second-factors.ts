import { Injectable, Optional, type OnModuleInit } from '@nestjs/common';
import { sql } from 'kysely';
import { Envelope, KeyRotation, SealedColumn } from '#encryption';
import { Database } from '#persistence';
import { Pepper } from '../pepper.ts';
import { EnrolmentCodes, type EnrolmentCode } from './enrolment-codes.ts';
import { randomText } from './random-text.ts';
import { newSeed, otpauthUri, stepOf } from './totp.ts';

const RECOVERY_CODES = 10;
const TOTP_CODE = /^\d{6}$/;

/** A seed that waits for its first code: the only moment when anyone sees it. */
export interface Enrolment {
  /** Base32. */
  readonly secret: string;
  /** `otpauth://…` */
  readonly uri: string;
}

interface Owner {
  readonly id: string;
  readonly name: string;
}

/** One-time codes of authenticators (RFC 6238), and those that stand in for a lost one. */
@Injectable()
export class SecondFactors implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly pepper: Pepper,
    private readonly codes: EnrolmentCodes,
    @Optional() private readonly rotation?: KeyRotation,
  ) {}

  /** So that seeds are sealed anew when the key has changed. */
  onModuleInit(): void {
    const { database, envelope, rotation } = this;
    for (const column of ['totp_seed', 'totp_pending'] as const)
      rotation?.register(new SealedColumn(database, envelope, { table: 'users', column, row: 'id' }));
  }

  get #db() {
    return this.database.kysely;
  }

  /**
   * A first seed, which counts for nothing before a code of it has come. It uses the enrolment code up, in the same step:
   * of two who show it at once one is let in. Undefined where it is not that of this user, or no more.
   */
  async enrol(
    owner: Owner,
    { sessionId, code }: { sessionId: string; code: string },
    at = new Date(),
  ): Promise<Enrolment | undefined> {
    const { enrolment, set } = this.#pendingOf(owner, sessionId);
    const { numUpdatedRows } = await this.#db
      .updateTable('users')
      .set({ ...set, enrolment_digest: null, enrolment_expires_at: null })
      .where('id', '=', owner.id)
      .where('totp_seed', 'is', null)
      .where('enrolment_digest', 'in', this.codes.digestsOf(owner.id, code))
      .where('enrolment_expires_at', '>', at)
      .executeTakeFirst();
    return numUpdatedRows === 1n ? enrolment : undefined;
  }

  /** Another seed for who has shown the one of now. Undefined where that was taken away meanwhile. */
  async replace(owner: Owner, sessionId: string): Promise<Enrolment | undefined> {
    const { enrolment, set } = this.#pendingOf(owner, sessionId);
    const updating = this.#db.updateTable('users').set(set).where('id', '=', owner.id);
    const { numUpdatedRows } = await updating.where('totp_seed', 'is not', null).executeTakeFirst();
    return numUpdatedRows === 1n ? enrolment : undefined;
  }

  /**
   * Puts the seed that waits in force, if this is a code of it, and gives the recovery codes: the only moment when anyone
   * sees them. Undefined where it is no such code, or another session was shown the seed: whoever else is logged in could
   * go on guessing.
   */
  async confirm(
    { id, sessionId }: { id: string; sessionId: string },
    code: string,
    at = Date.now(),
  ): Promise<readonly string[] | undefined> {
    const row = await this.#db
      .selectFrom('users')
      .select('totp_pending')
      .where('id', '=', id)
      .where('totp_pending_session', '=', sessionId)
      .executeTakeFirst();
    const pending = row?.totp_pending;
    if (!pending) return undefined;
    const secret = this.envelope.open(pending, placeOf(id, 'totp_pending'));
    const step = stepOf(code, secret, at);
    if (step === undefined) return undefined;
    const codes = Array.from({ length: RECOVERY_CODES }, () => randomText(2));
    const inForce = await this.#db.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('users')
        .set({
          totp_seed: this.envelope.seal(secret, placeOf(id, 'totp_seed')),
          totp_pending: null,
          totp_pending_session: null,
          totp_step: step,
          enrolment_digest: null,
          enrolment_expires_at: null,
          changed_at: new Date(at),
        })
        .where('id', '=', id)
        .where('totp_pending', '=', pending)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await transaction.deleteFrom('user_recovery_codes').where('user_id', '=', id).execute();
      const rows = codes.map((one) => ({ user_id: id, digest: this.pepper.digest(textOf(id, one)) }));
      await transaction.insertInto('user_recovery_codes').values(rows).execute();
      return true;
    });
    return inForce ? codes : undefined;
  }

  /** Whether this is a code of theirs that was not used before. It is used then. */
  async accept(
    { id, totpSeed }: { id: string; totpSeed: string | undefined },
    code: string,
    at = Date.now(),
  ): Promise<boolean> {
    if (totpSeed === undefined) return false;
    if (!TOTP_CODE.test(code)) return this.#acceptRecovery(id, code);
    const step = stepOf(code, this.envelope.open(totpSeed, placeOf(id, 'totp_seed')), at);
    if (step === undefined) return false;
    // In one step, so that of two who show the same code at once one is let in (RFC 6238, section 5.2).
    const { numUpdatedRows } = await this.#db
      .updateTable('users')
      .set({ totp_step: step })
      .where('id', '=', id)
      .where('totp_seed', '=', totpSeed)
      .where(sql<boolean>`coalesce(totp_step, 0) < ${step}`)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** For who has lost both: with the code that is given, they may set up another one. */
  async remove(id: string, at = new Date()): Promise<EnrolmentCode> {
    const enrolment = this.codes.mint(id, at);
    const { digest: enrolment_digest, expiresAt: enrolment_expires_at } = enrolment;
    await this.#db.transaction().execute(async (transaction) => {
      const gone = { totp_seed: null, totp_pending: null, totp_pending_session: null, totp_step: null };
      await transaction
        .updateTable('users')
        .set({ ...gone, enrolment_digest, enrolment_expires_at, changed_at: at })
        .where('id', '=', id)
        .execute();
      await transaction.deleteFrom('user_recovery_codes').where('user_id', '=', id).execute();
    });
    return enrolment;
  }

  /** A code in the place of the one before, and of what was begun with that. Undefined where a second factor is set up: nobody needs one then. */
  async issueCode(id: string): Promise<EnrolmentCode | undefined> {
    const enrolment = this.codes.mint(id);
    const { digest: enrolment_digest, expiresAt: enrolment_expires_at } = enrolment;
    const begun = { totp_pending: null, totp_pending_session: null };
    const updating = this.#db.updateTable('users').set({ ...begun, enrolment_digest, enrolment_expires_at });
    const { numUpdatedRows } = await updating
      .where('id', '=', id)
      .where('totp_seed', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n ? enrolment : undefined;
  }

  #pendingOf({ id, name }: Owner, sessionId: string) {
    const secret = newSeed();
    const totp_pending = this.envelope.seal(secret, placeOf(id, 'totp_pending'));
    const enrolment: Enrolment = { secret, uri: otpauthUri(secret, name) };
    return { enrolment, set: { totp_pending, totp_pending_session: sessionId } };
  }

  async #acceptRecovery(id: string, code: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('user_recovery_codes')
      .where('user_id', '=', id)
      .where('digest', 'in', this.pepper.eitherOf(textOf(id, code)))
      .executeTakeFirst();
    return numDeletedRows === 1n;
  }
}

/** What is kept is its digest. 50 random bits, behind the limits of logins: no slow hash is needed. */
function textOf(id: string, code: string): string {
  return `recovery code ${id} ${code}`;
}

function placeOf(row: string, column: 'totp_seed' | 'totp_pending') {
  return { table: 'users', column, row };
}
