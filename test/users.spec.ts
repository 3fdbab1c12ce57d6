import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { codeOf } from './support/doors.ts';
import { useGateway } from './support/gateway.ts';
import { LEGACY, MODERN } from './support/gateway-client.ts';
import { createPerson, enrol, logIn, PASSWORD, tryLogin, type Tokens } from './support/people.ts';

describe.each(databases)('people, on $name', (kind) => {
  const gateway = useGateway(kind, {
    env: { RATE_LIMIT_OPERATIONS: 'auth.login=1000/60,auth.refresh=1000/60' },
  });

  it('log in, and call at every door as who they are', async () => {
    const { client, recordOf } = gateway();
    const { id, name } = await createPerson(gateway());
    const login = await tryLogin(client, name.toUpperCase());
    expect(login.body).toEqual({
      access_token: expect.stringMatching(/^eyJ/),
      token_type: 'Bearer',
      expires_in: 8 * 3600,
      refresh_token: expect.stringMatching(/^gr_[\w-]{43}$/),
      refresh_expires_in: expect.closeTo(30 * 86_400, -2),
    });
    expect(await recordOf(login)).toMatchObject({
      event: 'login',
      result: 'allowed',
      principal: { id, name, role: 'employee' },
      key_id: expect.stringMatching(/^session:/),
    });
    const { access_token: key } = login.body as Tokens;
    const search = await client.rest('/search', { key, body: { query: 'parcel' } });
    expect(search.status).toBe(200);
    expect(await recordOf(search)).toMatchObject({ principal: { id, name, role: 'employee' } });
    for (const revision of [MODERN, LEGACY]) {
      const answer = await client.tool('search_conversations', { query: 'parcel' }, { key, revision });
      expect(answer.status).toBe(200);
      expect(await recordOf(answer)).toMatchObject({ principal: { id } });
    }
    expect((await client.rest('/admin/keys', { key })).status).toBe(403);
  });

  it('who is wrong in any way is told the same', async () => {
    const { client, recordOf } = gateway();
    const { name, id } = await createPerson(gateway());
    const disabled = await createPerson(gateway());
    await client.rest(`/admin/users/${disabled.id}`, { method: 'PUT', body: { disabled: true } });
    const careful = await createPerson(gateway());
    await enrol(client, (await logIn(client, careful.name)).access_token);
    const answers = [
      [await tryLogin(client, 'Nobody at all'), 'unknown'],
      [await tryLogin(client, name, { password: 'not the password' }), 'wrong-password'],
      [await tryLogin(client, disabled.name), 'disabled'],
      [await tryLogin(client, careful.name), 'no-code'],
      [await tryLogin(client, careful.name, { totp: '000000' }), 'wrong-code'],
    ] as const;
    for (const [answer, reason] of answers) {
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({
        code: 'INVALID_LOGIN',
        error: (answers[0][0].body as { error: string }).error,
      });
      const record = await recordOf(answer);
      expect(record).toMatchObject({
        event: 'login_failed',
        severity: 'MEDIUM',
        notes: { credential: reason },
      });
      expect(JSON.stringify(record)).not.toMatch(/Nobody|not the password|000000/);
    }
    expect(await recordOf(answers[1][0])).toMatchObject({ notes: { subject_user: id } });
  });

  it('refresh, and lose all when a used token comes again', async () => {
    const { client, recordOf } = gateway();
    const { name } = await createPerson(gateway());
    const first = await logIn(client, name);
    const refresh = async (token: string) =>
      client.rest('/auth/refresh', { key: '', body: { refresh_token: token } });
    const second = (await refresh(first.refresh_token)).body as Tokens;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const again = (await refresh(first.refresh_token)).body as Tokens;
    expect(again.refresh_token).toBe(second.refresh_token);
    const third = (await refresh(second.refresh_token)).body as Tokens;
    expect((await client.rest('/search', { key: third.access_token, body: { query: 'a' } })).status).toBe(
      200,
    );
    const reused = await refresh(first.refresh_token);
    expect([reused.status, codeOf(reused)]).toEqual([401, 'REFRESH_TOKEN_REUSED']);
    expect(await recordOf(reused)).toMatchObject({
      event: 'refresh_token_reused',
      severity: 'HIGH',
      result: 'refused',
    });
    for (const { access_token: key, refresh_token: token } of [first, second, third]) {
      const dead = await client.rest('/search', { key, body: { query: 'a' } });
      expect([dead.status, codeOf(dead)]).toEqual([401, 'CREDENTIAL_INVALID']);
      expect((await refresh(token)).status).toBe(401);
    }
  });

  it('show a second factor for what needs one', async () => {
    const { client, recordOf } = gateway();
    const { name } = await createPerson(gateway(), 'admin');
    const { access_token: plain } = await logIn(client, name);
    const createKey = (key: string) =>
      client.rest('/admin/keys', { key, body: { name: `of ${name} ${Math.random()}`, role: 'service' } });
    const refused = await createKey(plain);
    expect([refused.status, codeOf(refused)]).toEqual([401, 'SECOND_FACTOR_REQUIRED']);
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_user_authentication');

    const { authenticator, recoveryCodes, key } = await enrol(client, plain);
    expect((await createKey(key)).status).toBe(201);
    expect((await createKey(plain)).status).toBe(401);
    expect(recoveryCodes).toHaveLength(10);

    const code = authenticator.code();
    const login = await tryLogin(client, name, { totp: code });
    expect((await createKey((login.body as Tokens).access_token)).status).toBe(201);
    expect((await tryLogin(client, name, { totp: code })).status).toBe(401);

    const next = authenticator.code(1);
    const step = await client.rest('/auth/step-up', { key: plain, body: { totp: next } });
    expect(await recordOf(step)).toMatchObject({ event: 'second_factor_shown' });
    expect((await createKey((step.body as Tokens).access_token)).status).toBe(201);

    const recovery = { totp: recoveryCodes[3]! };
    expect((await tryLogin(client, name, recovery)).status).toBe(200);
    expect((await tryLogin(client, name, recovery)).status).toBe(401);
  });

  it('log out, here or everywhere', async () => {
    const { client } = gateway();
    const { name } = await createPerson(gateway());
    const [one, two, three] = [
      await logIn(client, name),
      await logIn(client, name),
      await logIn(client, name),
    ];
    const isIn = async ({ access_token: key }: Tokens) =>
      (await client.rest('/search', { key, body: { query: 'a' } })).status === 200;
    expect((await client.rest('/auth/logout', { key: one.access_token, body: {} })).body).toEqual({
      ended: 1,
    });
    expect([await isIn(one), await isIn(two)]).toEqual([false, true]);
    const everywhere = { key: two.access_token, body: { everywhere: true } };
    expect((await client.rest('/auth/logout', everywhere)).body).toEqual({ ended: 2 });
    expect([await isIn(two), await isIn(three)]).toEqual([false, false]);
  });

  it('change their password, which ends all other sessions', async () => {
    const { client } = gateway();
    const { name } = await createPerson(gateway());
    const [here, there] = [await logIn(client, name), await logIn(client, name)];
    const change = (body: object) => client.rest('/auth/password', { key: here.access_token, body });
    expect((await change({ password: 'wrong', new_password: 'a quite different one' })).status).toBe(401);
    expect((await change({ password: PASSWORD, new_password: 'Password1234' })).status).toBe(400);
    expect((await change({ password: PASSWORD, new_password: 'a quite different one' })).body).toEqual({
      ended: 1,
    });
    expect((await client.rest('/search', { key: there.access_token, body: { query: 'a' } })).status).toBe(
      401,
    );
    expect((await client.rest('/search', { key: here.access_token, body: { query: 'a' } })).status).toBe(200);
    expect((await tryLogin(client, name)).status).toBe(401);
    expect((await tryLogin(client, name, { password: 'a quite different one' })).status).toBe(200);
  });
});
