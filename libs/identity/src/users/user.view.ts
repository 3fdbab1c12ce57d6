import type { Role, Tier } from '#call';
import type { User } from './user.record.ts';

/** A user as the API shows it. Times are ISO 8601. */
export interface UserView {
  id: string;
  name: string;
  role: Role;
  tier: Tier | null;
  state: 'active' | 'disabled';
  second_factor: boolean;
  /** Until when the enrolment code that was given may be used; null where none is out. */
  enrolment_expires_at: string | null;
  created_at: string;
  created_by: string;
  changed_at: string;
  last_login_at: string | null;
  disabled_at: string | null;
}

/** The answer that holds a password that was made up, or a code for a second factor: the only one that ever does. */
export interface IssuedUserView extends UserView {
  /** Absent where it was given. */
  generated_password?: string;
  /** With it, and the password, the user sets up a second factor. */
  enrolment_code?: string;
}

/** Who is gone, and what went with them. */
export interface DeletedUserView {
  /** The audit trail goes on naming them by it; nobody gets it again. */
  id: string;
  name: string;
  role: Role;
  /** Sessions that were ended or over. */
  sessions: number;
  /** Ids of the API keys that they had made or rotated, or that were made with those, and that are revoked now. */
  revoked_keys: readonly string[];
  /** Ids of the OAuth clients that act for themselves whose secret they were shown: they are gone, and their tokens void. */
  deleted_clients: readonly string[];
  /** Ids of those that act for persons: they have lost their secret, and wait for `rotate-secret`. */
  locked_clients: readonly string[];
}

/** One page of the users, the youngest first. */
export interface UserListView {
  users: UserView[];
  total: number;
  skip: number;
  limit: number;
}

export function userViewOf(user: User): UserView {
  return {
    id: user.id,
    name: user.name,
    role: user.role,
    tier: user.tier ?? null,
    state: user.disabledAt ? 'disabled' : 'active',
    second_factor: user.hasSecondFactor,
    enrolment_expires_at: user.enrolmentExpiresAt?.toISOString() ?? null,
    created_at: user.createdAt.toISOString(),
    created_by: user.createdBy,
    changed_at: user.changedAt.toISOString(),
    last_login_at: user.lastLoginAt?.toISOString() ?? null,
    disabled_at: user.disabledAt?.toISOString() ?? null,
  };
}
