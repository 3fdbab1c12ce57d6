import type { Transaction } from 'kysely';
import type { Principal } from '#call';
import type { Tables } from '#persistence';
import { ConfiguredAdmin } from './configured-admin.ts';
import { refusals } from './refusals.ts';

/** Ids of users and of API keys; those of all other principals have a prefix. */
const OWN_ID = /^[\da-f-]{36}$/;
const CLIENT = 'client:';

/**
 * Whoever makes what lets others in is still good when it is kept: a call that was let in a moment ago must leave nothing
 * behind that whoever takes its caller's rights away does not see. Locked until the transaction ends, so that one who is
 * deleted at that moment is gone before it, or takes it along.
 * @throws CredentialInvalid, CredentialUnknown
 */
export async function requireMaker(by: Principal, within: Transaction<Tables>): Promise<void> {
  const holding = rowOf(by, within);
  if (!holding || (await holding.forShare().executeTakeFirst())) return;
  throw refusals[by.keyId.includes(':') ? 'token' : 'key'].unknown();
}

/**
 * The same before a key is rotated, which is locked, too. A person comes before what they have made, as where they are
 * deleted; of two keys the one with the lesser id, so that two that rotate each other, or one that rotates itself twice,
 * come one after the other.
 * @throws CredentialInvalid, CredentialUnknown
 */
export async function requireRotator(by: Principal, key: string, within: Transaction<Tables>): Promise<void> {
  const keys = within.selectFrom('api_keys').select('id').orderBy('id').forUpdate();
  if (by.keyId.includes(':')) await requireMaker(by, within);
  await keys.where('id', 'in', [by.keyId, key]).execute();
  if (!by.keyId.includes(':')) await requireMaker(by, within);
}

/** Undefined of those who are kept elsewhere. */
function rowOf({ id, keyId, role }: Principal, within: Transaction<Tables>) {
  if (keyId === ConfiguredAdmin.principal.keyId) return undefined;
  if (id.startsWith(CLIENT))
    return within.selectFrom('oauth_clients').select('id').where('id', '=', id.slice(CLIENT.length));
  if (!OWN_ID.test(id)) return undefined;
  if (!keyId.includes(':'))
    return within.selectFrom('api_keys').select('id').where('id', '=', keyId).where('revoked_at', 'is', null);
  const users = within.selectFrom('users').select('id').where('id', '=', id);
  return users.where('disabled_at', 'is', null).where('role', '=', role);
}
