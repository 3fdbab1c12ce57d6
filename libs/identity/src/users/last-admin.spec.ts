import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { databases, useDatabase } from '#testing';
import { UserStore, type UserChange } from './user-store.ts';

const SECRETS = { passwordHash: 'of no password', enrolmentDigest: 'of no code' };
const at = new Date();
const leaving: [string, UserChange][] = [
  ['disabled', { disabledAt: at }],
  ['given another role', { role: 'auditor' }],
];

describe.each(databases)('the last administrator who may log in, on $name', (kind) => {
  const database = useDatabase(kind);
  const store = () => new UserStore(database());
  beforeEach(async () => void (await database().kysely.deleteFrom('users').execute()));

  async function admin(): Promise<string> {
    const user = {
      id: randomUUID(),
      name: randomUUID(),
      role: 'admin' as const,
      tier: undefined,
      hasSecondFactor: false,
      enrolmentExpiresAt: undefined,
      createdAt: at,
      createdBy: 'whoever',
      changedAt: at,
      lastLoginAt: undefined,
      disabledAt: undefined,
    };
    expect(await store().insert(user, SECRETS)).toBe(true);
    return user.id;
  }

  it.each(leaving)('is not %s', async (_, change) => {
    const [last, disabled] = [await admin(), await admin()];
    await store().change(disabled, { disabledAt: at }, at);
    await expect(store().change(last, change, at)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await store().get(last)).toMatchObject({ role: 'admin', disabledAt: undefined });
    // What takes nothing away from them is theirs, and so is what is done to one who may not log in.
    await store().change(last, { role: 'admin', tier: 'free', disabledAt: null }, at);
    await store().change(disabled, { role: 'auditor' }, at);
    expect(await store().get(last)).toMatchObject({ role: 'admin', tier: 'free' });
  });

  it.each(leaving)('stays of two who are %s at once', async (_, change) => {
    const both = [await admin(), await admin()];
    const done = await Promise.allSettled(both.map((id) => store().change(id, change, at)));
    const refused = done.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'CONFLICT' })]);
    const users = await Promise.all(both.map((id) => store().get(id)));
    expect(users.filter((user) => user?.role === 'admin' && !user.disabledAt)).toHaveLength(1);
  });
});
