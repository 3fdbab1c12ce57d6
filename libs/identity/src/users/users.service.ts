import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Principal, Role, Tier } from '#call';
import { GatehouseError, NotFound } from '#errors';
import { EnrolmentCodes } from '../login/enrolment-codes.ts';
import { randomText } from '../login/random-text.ts';
import { SecondFactors } from '../login/second-factors.ts';
import { requireRights } from '../rights.ts';
import { UserSessions } from '../tokens/user-sessions.ts';
import { PasswordHasher } from './password-hasher.ts';
import { requireGoodPassword } from './password-rules.ts';
import type { User } from './user.record.ts';
import type { Keeping } from './disinheritance.ts';
import { UserDeletion, type Deleted } from './user-deletion.ts';
import { UserStore, type UserPage } from './user-store.ts';

/** 100 bits. */
const GENERATED_GROUPS = 4;

/** What a new user is to be. */
export interface UserOrder {
  readonly name: string;
  readonly role: Role;
  readonly tier?: Tier | undefined;
  /** Made up unless told. */
  readonly password?: string | undefined;
}

/** What an admin changes of a user. Null takes the tier away. */
export interface UserAmendment {
  readonly role?: Role | undefined;
  readonly tier?: Tier | null | undefined;
  readonly disabled?: boolean | undefined;
}

/** A user, and what was made up for them: the only moment when anyone sees it. */
export interface IssuedUser {
  readonly user: User;
  readonly password?: string | undefined;
  readonly enrolmentCode?: string | undefined;
}

/** The people who log in. Whoever may write users still makes nobody who may do more than they. */
@Injectable()
export class Users {
  constructor(
    private readonly store: UserStore,
    private readonly hasher: PasswordHasher,
    private readonly sessions: UserSessions,
    private readonly factors: SecondFactors,
    private readonly codes: EnrolmentCodes,
    private readonly deletion: UserDeletion,
  ) {}

  /** @throws GatehouseError ACCESS_REFUSED, CONFLICT when the name is in use; InvalidInput */
  async create({ name, role, tier, password }: UserOrder, by: Principal): Promise<IssuedUser> {
    requireRights(by, { role, tier }, 'users');
    const generated = password === undefined ? randomText(GENERATED_GROUPS) : undefined;
    const at = new Date();
    const id = randomUUID();
    const { code: enrolmentCode, digest: enrolmentDigest, expiresAt } = this.codes.mint(id, at);
    const user: User = {
      id,
      name,
      role,
      tier,
      hasSecondFactor: false,
      enrolmentExpiresAt: expiresAt,
      createdAt: at,
      createdBy: by.id,
      changedAt: at,
      lastLoginAt: undefined,
      disabledAt: undefined,
    };
    const passwordHash = await this.#hashOf(password ?? generated!, name);
    if (await this.store.insert(user, { passwordHash, enrolmentDigest }, by))
      return { user, password: generated, enrolmentCode };
    throw new GatehouseError('CONFLICT', 'A user of that name exists: choose another name');
  }

  /** @throws NotFound */
  async get(id: string): Promise<User> {
    const user = await this.find(id);
    if (!user) throw new NotFound('There is no such user');
    return user;
  }

  /** The user as he is now. */
  find(id: string): Promise<User | undefined> {
    return this.store.get(id);
  }

  list(page: { skip: number; limit: number }): Promise<UserPage> {
    return this.store.list(page);
  }

  /** Ends all sessions of the user. @throws NotFound; GatehouseError ACCESS_REFUSED, CONFLICT as `delete` */
  async amend(id: string, { role, tier, disabled }: UserAmendment, by: Principal): Promise<User> {
    const user = await this.get(id);
    requireRights(by, user, 'users');
    requireRights(
      by,
      { role: role ?? user.role, tier: tier === null ? undefined : (tier ?? user.tier) },
      'users',
    );
    const at = new Date();
    const disabledAt = disabled === undefined ? undefined : disabled ? (user.disabledAt ?? at) : null;
    await this.store.change(id, { role, tier, disabledAt }, at);
    await this.sessions.endAll(id, 'user-changed');
    return this.get(id);
  }

  /** By an admin: the password is made up unless told. Ends all sessions of the user. */
  async resetPassword(id: string, password: string | undefined, by: Principal): Promise<IssuedUser> {
    const user = await this.get(id);
    requireRights(by, user, 'users');
    const generated = password === undefined ? randomText(GENERATED_GROUPS) : undefined;
    await this.setPassword(user, password ?? generated!);
    return { user: await this.get(id), password: generated };
  }

  /** Ends all sessions of the user but one, if that is named. Answers how many. @throws InvalidInput */
  async setPassword({ id, name }: User, password: string, { but }: { but?: string } = {}): Promise<number> {
    const change = { passwordHash: await this.#hashOf(password, name) };
    await this.store.change(id, change, new Date(), { ...(but !== undefined && { but }) });
    return this.sessions.endAll(id, 'password-changed', but);
  }

  /** For who has lost the authenticator and the recovery codes. Ends all sessions of the user. */
  async resetSecondFactor(id: string, by: Principal): Promise<IssuedUser> {
    requireRights(by, await this.get(id), 'users');
    const { code: enrolmentCode } = await this.factors.remove(id);
    await this.sessions.endAll(id, 'second-factor-changed');
    return { user: await this.get(id), enrolmentCode };
  }

  /** For who has none yet, and has no code any more. @throws NotFound; GatehouseError ACCESS_REFUSED, CONFLICT */
  async issueEnrolmentCode(id: string, by: Principal): Promise<IssuedUser> {
    requireRights(by, await this.get(id), 'users');
    const issued = await this.factors.issueCode(id);
    if (issued) return { user: await this.get(id), enrolmentCode: issued.code };
    throw new GatehouseError('CONFLICT', 'That user has a second factor: reset it where it was lost');
  }

  /** For good. @throws NotFound; GatehouseError ACCESS_REFUSED, CONFLICT where no administrator could log in any more */
  async delete(id: string, keeping: Keeping, by: Principal): Promise<Deleted & { user: User }> {
    const user = await this.get(id);
    requireRights(by, user, 'users');
    return { user, ...(await this.deletion.delete(id, keeping)) };
  }

  #hashOf(password: string, name: string): Promise<string> {
    requireGoodPassword(password, name);
    return this.hasher.hash(password);
  }
}
