import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Principal } from '#call';
import { readConfig } from '#config';
import { databases, useDatabase } from '#testing';
import { Pepper } from '../pepper.ts';
import { UserStore } from '../users/user-store.ts';
import type { User } from '../users/user.record.ts';
import type { Verdict } from '../verdict.ts';
import { AccessTokens } from './access-tokens.ts';
import { TokenFamilies } from './token-families.ts';
import { TokenKeys } from './token-keys.ts';
import { tokensConfig } from './tokens.config.ts';
import { UserTokenAuthority } from './user-token-authority.ts';

const MINUTE = 60_000;

const principalOf = (verdict: Verdict): Principal | undefined =>
  verdict.proven ? verdict.principal : undefined;
const reasonOf = (verdict: Verdict) => (verdict.proven ? 'proven' : verdict.reason);

const factor = async (judge: () => Promise<Verdict>) => principalOf(await judge())?.secondFactor;

describe('whose a token is', () => {
  const database = useDatabase(databases[1]!);
  let authority: UserTokenAuthority;
  let families: TokenFamilies;
  let tokens: AccessTokens;
  let users: UserStore;
  let user: User;

  beforeAll(() => {
    const pepper = new Pepper('p'.repeat(32));
    const config = readConfig(tokensConfig, {});
    [families, users] = [new TokenFamilies(database(), pepper), new UserStore(database())];
    tokens = new AccessTokens(new TokenKeys(pepper, config), config);
    authority = new UserTokenAuthority(tokens, families, users, config);
  });
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 21) });
    const at = new Date();
    const id = randomUUID();
    user = {
      id,
      name: id,
      role: 'employee',
      tier: 'pro',
      createdAt: at,
      createdBy: 'x',
      changedAt: at,
    } as User;
    await users.insert(user, { passwordHash: 'no hash', enrolmentDigest: 'no digest' });
  });
  afterEach(() => void vi.useRealTimers());

  async function session({ otp = false } = {}) {
    const { family } = (await families.begin(user, { lifeMs: 86_400_000, otp }))!;
    const { token } = await tokens.sign(user, family);
    return { family, token, judge: () => authority.judge(token, 0) };
  }
  it('is said with the role and the tier of now, whatever the token says', async () => {
    const { family, judge } = await session();
    const who = { id: user.id, name: user.name, keyId: `session:${family.id}`, secondFactor: false };
    expect(principalOf(await judge())).toEqual({ ...who, role: 'employee', tier: 'pro' });
    await users.change(user.id, { role: 'auditor', tier: null }, new Date());
    expect(principalOf(await judge())).toEqual({ ...who, role: 'auditor', tier: undefined });
  });

  it('is said no more when the session has ended, the user is disabled, or either is gone', async () => {
    const [one, two, three] = [await session(), await session(), await session()];
    await families.end(one.family.id, 'logout');
    expect([reasonOf(await one.judge()), reasonOf(await two.judge())]).toEqual(['revoked', 'proven']);
    await users.change(user.id, { disabledAt: new Date() }, new Date());
    expect(reasonOf(await two.judge())).toBe('disabled');
    await database().kysely.deleteFrom('users').where('id', '=', user.id).execute();
    expect(reasonOf(await three.judge())).toBe('unknown');
  });

  it('holds until the token or its session ends, whichever is first', async () => {
    const { family } = (await families.begin(user, { lifeMs: 90_000, otp: false }))!;
    const { token } = await tokens.sign(user, family);
    expect(await authority.judge(token, 0)).toMatchObject({ expiresAt: Date.now() + 90_000 });
  });

  it('shows a second factor for a quarter of an hour, and only with the token that was made for it', async () => {
    const plain = await session();
    expect(await factor(plain.judge)).toBe(false);
    const family = await families.noteSecondFactor(plain.family.id);
    const { token } = await tokens.sign(user, family!);
    const stepped = () => authority.judge(token, 0);
    expect([await factor(plain.judge), await factor(stepped)]).toEqual([false, true]);
    vi.setSystemTime(Date.now() + 15 * MINUTE - 1);
    expect(await factor(stepped)).toBe(true);
    vi.setSystemTime(Date.now() + 1);
    expect(await factor(stepped)).toBe(false);
  });

  it('is asked again for work that goes on without its caller', async () => {
    const { family, judge } = await session({ otp: true });
    const principal = principalOf(await judge())!;
    expect(authority.vouchesFor(principal)).toBe(true);
    expect(authority.vouchesFor({ ...principal, keyId: randomUUID() })).toBe(false);
    expect(principalOf(await authority.renew(principal, 0))).toEqual(principal);
    const without = { ...principal, secondFactor: false };
    expect(principalOf(await authority.renew(without, 0))).toEqual(without);
    vi.setSystemTime(Date.now() + 15 * MINUTE);
    expect(principalOf(await authority.renew(principal, 0))).toEqual(without);
    await families.end(family.id, 'logout');
    expect(reasonOf(await authority.renew(principal, 0))).toBe('revoked');
  });
});
