import { describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { codeOf } from './support/doors.ts';
import { useGateway } from './support/gateway.ts';
import { CALLBACK, CodeFlow, createClient, post } from './support/oauth.ts';
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
    });
    expect(await recordOf(gone)).toMatchObject({
      event: 'user_deleted',
      notes: { subject_user: person.id, subject_role: 'admin' },
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
    await expect.poll(() => statusWith(key), { timeout: 10_000 }).toBe(401);
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
