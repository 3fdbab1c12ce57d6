import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { DeletedUserView } from '#identity';
import type { IssuedOAuthClientView } from '#oauth';
import { Database } from '#persistence';
import { databases } from '#testing';
import { codeOf } from './support/doors.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { CALLBACK, CodeFlow, createClient, post, type TokenAnswer } from './support/oauth.ts';
import {
  createPerson,
  enrol,
  logIn,
  PASSWORD,
  tryLogin,
  type Person,
  type Tokens,
} from './support/people.ts';

describe('a user who is deleted', () => {
  const gateway = useGateway(databases[1]!, {
    env: { RATE_LIMIT_OPERATIONS: 'auth.login=1000/60', RATE_LIMIT_CLIENT_MAX: '100000' },
  });
  const remove = ({ id }: { id: string }, query = '', key?: string) =>
    gateway().client.rest(`/admin/users/${id}${query}`, { method: 'DELETE', ...(key && { key }) });
  const statusWith = async (key: string) => (await gateway().client.rest('/conversations', { key })).status;
  const table = () => gateway().gateway.app.get(Database).kysely;
  /** An administrator who has shown a second factor, and an API key that they have made. */
  const adminWithKey = async () => {
    const { client } = gateway();
    const person = await createPerson(gateway(), 'admin');
    const tokens = await logIn(client, person.name);
    const enrolled = await enrol(client, tokens.access_token);
    const order = { name: `of ${person.name}`, role: 'service' };
    const made = await client.rest('/admin/keys', { key: enrolled.key, body: order });
    const { key: apiKey, id: apiKeyId } = made.body as { key: string; id: string };
    return { person, tokens, ...enrolled, apiKey, apiKeyId };
  };
  const grantsOf = async ({ id }: Person) =>
    (await table().selectFrom('oauth_artifacts').select('model').where('account_id', '=', id).execute())
      .length;

  const admins = () =>
    table()
      .selectFrom('users')
      .select('id')
      .where('role', '=', 'admin')
      .where('disabled_at', 'is', null)
      .execute();

  const tokenOf = (by: IssuedOAuthClientView) =>
    post(gateway().client, 'token', { grant_type: 'client_credentials' }, { by });
  const createBy = async (key: string, order: object) => {
    const answer = await gateway().client.rest('/admin/oauth/clients', { key, body: order });
    expect(answer.status).toBe(201);
    return answer.body as IssuedOAuthClientView;
  };
  const rotateBy = async (key: string, id: string) =>
    (await gateway().client.rest(`/admin/oauth/clients/${id}/rotate-secret`, { key, body: {} }))
      .body as IssuedOAuthClientView;

  it('is out at once, and so is every key that they had made', async () => {
    const { recordOf } = gateway();
    await createPerson(gateway(), 'admin');
    const { person, tokens, key, apiKey, apiKeyId } = await adminWithKey();
    for (const one of [key, apiKey]) expect(await statusWith(one)).toBe(200);
    const gone = await remove(person);
    expect(gone.body).toEqual({
      id: person.id,
      name: person.name,
      role: 'admin',
      sessions: 1,
      revoked_keys: [apiKeyId],
      deleted_clients: [],
      locked_clients: [],
    });
    expect(await recordOf(gone)).toMatchObject({
      event: 'user_deleted',
      notes: { subject_user: person.id, subject_role: 'admin', revoked_keys: 1, deleted_clients: 0 },
    });
    // A key that was revoked is known as such.
    expect([await statusWith(key), await statusWith(apiKey)]).toEqual([401, 403]);
    const refresh = { key: '', body: { refresh_token: tokens.refresh_token } };
    expect((await gateway().client.rest('/auth/refresh', refresh)).status).toBe(401);
    expect((await tryLogin(gateway().client, person.name)).status).toBe(401);
    expect((await remove(person)).status).toBe(404);
  });

  it('leaves keys that they had made to work on, if told so', async () => {
    await createPerson(gateway(), 'admin');
    const { person, key, apiKey } = await adminWithKey();
    expect((await remove(person, '?keep_keys=true')).body).toMatchObject({ revoked_keys: [] });
    expect([await statusWith(key), await statusWith(apiKey)]).toEqual([401, 200]);
  });

  it('is out by no key that was made with a key of theirs, however many hands it went through', async () => {
    const { client } = gateway();
    await createPerson(gateway(), 'admin');
    const { person, key } = await adminWithKey();
    const make = async (by: string, name: string) => {
      const order = { name: `${name} of ${person.name}`, role: 'admin' };
      return (await client.rest('/admin/keys', { key: by, body: order })).body as { key: string; id: string };
    };
    const first = await make(key, 'first');
    const second = await make(first.key, 'second');
    const third = await make(second.key, 'third');
    // One between that was taken away long ago.
    await client.rest(`/admin/keys/${second.id}`, { method: 'DELETE' });
    // What somebody else has made is somebody else's, also where they have rotated the key that made it.
    const others = await make(ADMIN_KEY, 'other');
    const made = await make(others.key, 'made by other');
    const rotated = await client.rest(`/admin/keys/${others.id}/rotate`, { key, body: {} });
    const { id: rotatedId } = rotated.body as { id: string };
    const { revoked_keys: revoked } = (await remove(person)).body as { revoked_keys: string[] };
    expect(revoked).toHaveLength(4);
    expect(revoked).toEqual(expect.arrayContaining([first.id, third.id, rotatedId]));
    expect([await statusWith(first.key), await statusWith(third.key)]).toEqual([403, 403]);
    expect([await statusWith(others.key), await statusWith(made.key)]).toEqual([200, 200]);
  });

  describe('who has made OAuth clients', () => {
    const forItself = { scopes: ['conversations:read'] };
    const forPersons = { ...forItself, redirect_uris: [CALLBACK] };

    it('knows no secret of any that is worth something', async () => {
      const { client } = gateway();
      await createPerson(gateway(), 'admin');
      const { person, key } = await adminWithKey();
      const own = await createBy(key, { name: 'own', ...forItself });
      const shown = await rotateBy(
        key,
        (await createBy(ADMIN_KEY, { name: 'shown', ...forItself })).client_id,
      );
      const handedOn = await rotateBy(
        ADMIN_KEY,
        (await createBy(key, { name: 'on', ...forItself })).client_id,
      );
      const others = await createBy(ADMIN_KEY, { name: 'other', ...forItself });
      const confidential = await createBy(key, { name: 'page', ...forPersons });
      const open = await createBy(key, { name: 'app', ...forPersons, public: true });
      const user = await createPerson(gateway());
      const exchange = async (by: IssuedOAuthClientView) => {
        const flow = new CodeFlow(client, { client_id: by.client_id, scope: 'conversations:read' });
        const fields = {
          grant_type: 'authorization_code',
          code: await flow.code(user.name),
          redirect_uri: CALLBACK,
          code_verifier: flow.verifier,
        };
        if (by.client_secret !== undefined) return (await post(client, 'token', fields, { by })).status;
        return (await post(client, 'token', { ...fields, client_id: by.client_id })).status;
      };
      const { access_token: token } = (await tokenOf(own)).body as TokenAnswer;
      expect(await statusWith(token)).toBe(200);

      const gone = await remove(person);
      const { deleted_clients: deleted, locked_clients: locked } = gone.body as DeletedUserView;
      expect(deleted.toSorted()).toEqual([own.client_id, shown.client_id].toSorted());
      expect(locked).toEqual([confidential.client_id]);
      expect(await gateway().recordOf(gone)).toMatchObject({
        notes: { deleted_clients: 2, locked_clients: 1 },
      });
      expect(await statusWith(token)).toBe(401);
      for (const by of [own, shown]) expect((await tokenOf(by)).status).toBe(401);
      for (const by of [handedOn, others]) expect((await tokenOf(by)).status).toBe(200);
      expect(await exchange(confidential)).toBe(401);
      // Another secret, and it goes on as it was.
      expect(await exchange(await rotateBy(ADMIN_KEY, confidential.client_id))).toBe(200);
      expect(await exchange(open)).toBe(200);
    });

    it('leaves them as they are, if told so', async () => {
      await createPerson(gateway(), 'admin');
      const { person, key } = await adminWithKey();
      const own = await createBy(key, { name: 'kept', ...forItself });
      const { body } = await remove(person, '?keep_clients=true');
      expect(body).toMatchObject({ deleted_clients: [], locked_clients: [] });
      expect((await tokenOf(own)).status).toBe(200);
    });
  });

  it('takes along what they have allowed clients, and nothing that others have', async () => {
    const { client } = gateway();
    const [person, other] = [await createPerson(gateway()), await createPerson(gateway())];
    const order = { scopes: ['conversations:read'], redirect_uris: [CALLBACK], public: true };
    const { client_id } = await createClient(client, order);
    const flow = () => new CodeFlow(client, { client_id, scope: 'conversations:read' });
    const { access_token: key, refresh_token: token = '' } = await flow().tokens(person.name);
    const { access_token: kept } = await flow().tokens(other.name);
    // As of before that was kept beside the seal.
    const forgetting = table().updateTable('oauth_artifacts').set({ account_id: null });
    await forgetting.where('account_id', '=', person.id).where('model', '=', 'Grant').execute();
    expect([await statusWith(key), await statusWith(kept)]).toEqual([200, 200]);
    const before = await table().selectFrom('oauth_artifacts').select('id').execute();
    expect((await remove(person)).status).toBe(200);
    const after = await table().selectFrom('oauth_artifacts').select('id').execute();
    expect(after.length).toBeLessThan(before.length);
    expect([await grantsOf(person), (await grantsOf(other)) > 0]).toEqual([0, true]);
    expect(await statusWith(key)).toBe(401);
    const refreshing = { grant_type: 'refresh_token', refresh_token: token, client_id };
    expect((await post(client, 'token', refreshing)).status).toBe(400);
    expect(await statusWith(kept)).toBe(200);
  });

  it('leaves a name that another may take, who inherits nothing with it', async () => {
    const { client } = gateway();
    await createPerson(gateway(), 'admin');
    const { person, key, apiKey, authenticator, recoveryCodes } = await adminWithKey();
    await remove(person);
    const body = { name: person.name, role: 'employee', password: PASSWORD };
    const successor = (await client.rest('/admin/users', { body })).body as Person;
    expect(successor).toMatchObject({ second_factor: false, role: 'employee', last_login_at: null });
    expect(successor.id).not.toBe(person.id);
    expect([await statusWith(key), await statusWith(apiKey)]).toEqual([401, 403]);
    const { access_token: own } = (await tryLogin(client, person.name)).body as Tokens;
    for (const totp of [recoveryCodes[0]!, authenticator.code()])
      expect((await client.rest('/auth/step-up', { key: own, body: { totp } })).status).toBe(401);
    const enrolling = { password: PASSWORD, enrolment_code: person.enrolment_code };
    expect((await client.rest('/auth/totp', { key: own, body: enrolling })).status).toBe(401);
    const rows = await table().selectFrom('users').selectAll().where('id', '=', person.id).execute();
    expect(rows).toEqual([]);
  });

  it('is not the last administrator who may log in, however many ask at once', async () => {
    await createPerson(gateway(), 'admin');
    await createPerson(gateway(), 'admin');
    const answers = await Promise.all((await admins()).map((one) => remove(one)));
    expect(answers.filter(({ status }) => status !== 200).map(codeOf)).toEqual(['CONFLICT']);
    const [last, ...others] = await admins();
    expect(others).toEqual([]);
    expect(codeOf(await remove(last!))).toBe('CONFLICT');
    // One who may not log in does not count.
    const disabled = await createPerson(gateway(), 'admin');
    await gateway().client.rest(`/admin/users/${disabled.id}`, { method: 'PUT', body: { disabled: true } });
    expect(codeOf(await remove(last!))).toBe('CONFLICT');
    expect((await remove(disabled)).status).toBe(200);
  });

  it('leaves nothing behind that a call of theirs makes at that very moment', async () => {
    const { client } = gateway();
    await createPerson(gateway(), 'admin');
    const { person, key, apiKeyId } = await adminWithKey();
    const made = { name: `late ${person.name}`, role: 'service' };
    const makes = [
      ['/admin/keys', made],
      [`/admin/keys/${apiKeyId}/rotate`, {}],
      ['/admin/users', { ...made, role: 'admin', password: PASSWORD }],
      ['/admin/oauth/clients', { ...made, scopes: ['mcp:use'] }],
    ] as const;
    const answers = await table()
      .transaction()
      .execute(async (transaction) => {
        const own = transaction.selectFrom('users').select('id').where('id', '=', person.id);
        await own.forUpdate().execute();
        let done = 0;
        const calls = makes.map(async ([path, body]) => {
          const answer = await client.rest(path, { key, body });
          done++;
          return answer;
        });
        // Each has come as far as it comes while they are being deleted.
        const waiting = sql<{ count: string }>`
          select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        const held = async () => done + Number((await waiting.execute(table())).rows[0]!.count);
        await expect.poll(held, { timeout: 20_000 }).toBe(makes.length);
        // None of them holds what a deletion locks next.
        const theirs = transaction.selectFrom('api_keys').select('id').where('created_by', '=', person.id);
        expect(await theirs.forUpdate().execute()).toEqual([{ id: apiKeyId }]);
        await transaction.deleteFrom('token_families').where('user_id', '=', person.id).execute();
        await transaction.deleteFrom('users').where('id', '=', person.id).execute();
        return () => Promise.all(calls);
      });
    expect((await answers()).map(codeOf)).toEqual(makes.map(() => 'CREDENTIAL_INVALID'));
    for (const of of ['api_keys', 'users', 'oauth_clients'] as const) {
      const late = table().selectFrom(of).select('name').where('created_by', '=', person.id);
      expect(await late.where('name', 'like', 'late %').execute()).toEqual([]);
    }
  });

  it('is deleted by nobody who may not', async () => {
    const { client, createKey } = gateway();
    const person = await createPerson(gateway());
    const plain = (await logIn(client, (await createPerson(gateway(), 'admin')).name)).access_token;
    const by = [await createKey({ role: 'service' }), await createKey({ role: 'auditor' }), plain];
    const codes = [];
    for (const key of by) codes.push(codeOf(await remove(person, '', key)));
    expect(codes).toEqual(['ACCESS_REFUSED', 'ACCESS_REFUSED', 'SECOND_FACTOR_REQUIRED']);
    expect((await tryLogin(client, person.name)).status).toBe(200);
  });
});
