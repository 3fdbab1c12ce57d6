import { describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { journalOf } from './support/audit-records.ts';
import { codeOf } from './support/doors.ts';
import { useGateway } from './support/gateway.ts';
import type { Answer } from './support/gateway-client.ts';
import {
  Authenticator,
  createPerson,
  enrol,
  logIn,
  PASSWORD,
  tryLogin,
  type Person,
} from './support/people.ts';

const NO_CODE = '00000-00000-00000-00000-00000';
const codeIn = ({ body }: Answer) => (body as Person).enrolment_code;

describe('a first second factor', () => {
  const gateway = useGateway(databases[1]!, {
    env: { RATE_LIMIT_OPERATIONS: 'auth.login=1000/60,auth.totp-enrol=1000/60,auth.totp-confirm=1000/60' },
  });
  const begin = (key: string, code?: string, password = PASSWORD) =>
    gateway().client.rest('/auth/totp', { key, body: { password, enrolment_code: code } });
  const confirm = (key: string, { body }: Answer) => {
    const totp = new Authenticator((body as { secret: string }).secret).code();
    return gateway().client.rest('/auth/totp/confirm', { key, body: { totp } });
  };
  const somebody = async () => {
    const person = await createPerson(gateway(), 'admin');
    return { person, key: (await logIn(gateway().client, person.name)).access_token };
  };
  const view = async ({ id }: Person) =>
    (await gateway().client.rest(`/admin/users/${id}`)).body as Record<string, unknown>;
  const another = ({ id }: Person, key?: string) =>
    gateway().client.rest(`/admin/users/${id}/enrolment-code`, { method: 'POST', ...(key && { key }) });
  const table = () => gateway().gateway.app.get(Database).kysely;

  it('is not set up by the password alone, which may have been guessed', async () => {
    const { person, key } = await somebody();
    const without = await begin(key);
    expect([without.status, codeOf(without)]).toEqual([400, 'INVALID_INPUT']);
    expect(without.body).toMatchObject({ details: { faults: [{ path: '/enrolment_code' }] } });
    const other = await createPerson(gateway());
    for (const code of [NO_CODE, other.enrolment_code]) {
      const refused = await begin(key, code);
      expect([refused.status, codeOf(refused)]).toEqual([401, 'INVALID_LOGIN']);
      expect(await gateway().recordOf(refused)).toMatchObject({
        event: 'login_failed',
        notes: { credential: 'wrong-enrolment-code', subject_user: person.id },
      });
    }
    expect(await view(person)).toMatchObject({ second_factor: false });
  });

  it('is not set up by the code alone, which may have been found', async () => {
    const { person, key } = await somebody();
    const wrong = await begin(key, person.enrolment_code, 'not the password');
    expect(codeOf(wrong)).toBe('INVALID_LOGIN');
    expect((await begin(key, person.enrolment_code)).status).toBe(200);
  });

  it('is set up by both, and the code is used up by that', async () => {
    const { person, key } = await somebody();
    expect(await view(person)).toMatchObject({ enrolment_expires_at: expect.stringMatching(/^20/) });
    const begun = await begin(key, person.enrolment_code);
    expect(begun.status).toBe(200);
    expect(await view(person)).toMatchObject({ second_factor: false, enrolment_expires_at: null });
    expect((await begin(key, person.enrolment_code)).status).toBe(401);
    expect((await confirm(key, begun)).status).toBe(200);
    expect(await view(person)).toMatchObject({ second_factor: true });
  });

  it('is set up by one of those who show the same code at once', async () => {
    const { person, key } = await somebody();
    const answers = await Promise.all(Array.from({ length: 4 }, () => begin(key, person.enrolment_code)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401]);
  });

  it('is not set up by a code whose time is over, or that another has taken the place of', async () => {
    const { person, key } = await somebody();
    const next = codeIn(await another(person));
    expect((await begin(key, person.enrolment_code)).status).toBe(401);
    const ending = table().updateTable('users').set({ enrolment_expires_at: new Date() });
    await ending.where('id', '=', person.id).execute();
    expect((await begin(key, next)).status).toBe(401);
    expect((await begin(key, codeIn(await another(person)))).status).toBe(200);
  });

  it('that was begun is over once there is another code, or another password', async () => {
    const { person, key } = await somebody();
    const begun = await begin(key, person.enrolment_code);
    const next = codeIn(await another(person));
    expect((await confirm(key, begun)).status).toBe(401);
    const again = await begin(key, next);
    const pending = async () =>
      table()
        .selectFrom('users')
        .select(['totp_pending', 'totp_seed'])
        .where('id', '=', person.id)
        .executeTakeFirstOrThrow();
    expect((await pending()).totp_pending).toBeTruthy();
    // By the person, in that session, it goes on.
    const body = { password: PASSWORD, new_password: `${PASSWORD} again` };
    expect((await gateway().client.rest('/auth/password', { key, body })).status).toBe(200);
    expect((await pending()).totp_pending).toBeTruthy();
    await gateway().client.rest(`/admin/users/${person.id}/password`, { body: {} });
    expect((await confirm(key, again)).status).toBe(401);
    expect(await pending()).toEqual({ totp_pending: null, totp_seed: null });
  });

  it('is confirmed in the session that has begun it, and in no other', async () => {
    const { person, key } = await somebody();
    const elsewhere = (await logIn(gateway().client, person.name)).access_token;
    const begun = await begin(key, person.enrolment_code);
    expect((await confirm(elsewhere, begun)).status).toBe(401);
    expect((await confirm(key, begun)).status).toBe(200);
  });

  it('is held up for who guesses at the code, whatever else they can show', async () => {
    const { person, key } = await somebody();
    const codes = [];
    for (let n = 0; n < 5; n++) {
      codes.push(codeOf(await begin(key, NO_CODE)));
      expect((await tryLogin(gateway().client, person.name)).status).toBe(200);
    }
    expect(codes).toEqual(Array(5).fill('INVALID_LOGIN'));
    // A second is short on a busy machine.
    const holding = table()
      .updateTable('login_attempts')
      .set({ held_until: new Date(Date.now() + 60_000) });
    await holding.where('failures', '>=', 5).execute();
    expect((await begin(key, person.enrolment_code)).status).toBe(429);
    expect((await tryLogin(gateway().client, person.name)).status).toBe(200);
  });

  it('comes anew by a code of an administrator, once the one before was taken away', async () => {
    const { client } = gateway();
    const { person, key: plain } = await somebody();
    const { key, recoveryCodes } = await enrol(client, plain);
    expect(codeOf(await another(person))).toBe('CONFLICT');
    // In the place of one that is there it asks for that one.
    expect(codeOf(await begin(plain))).toBe('SECOND_FACTOR_REQUIRED');
    expect((await begin(key)).status).toBe(200);
    const reset = await client.rest(`/admin/users/${person.id}/totp`, { method: 'DELETE' });
    expect(reset.body).toMatchObject({ second_factor: false, enrolment_code: expect.any(String) });
    const again = (await logIn(client, person.name)).access_token;
    expect((await begin(again)).status).toBe(400);
    expect((await begin(again, recoveryCodes[0])).status).toBe(400);
    expect((await confirm(again, await begin(again, codeIn(reset)))).status).toBe(200);
  });

  it('is nothing that an administrator without one opens for himself or others', async () => {
    const { person, key } = await somebody();
    expect(codeOf(await another(person, key))).toBe('SECOND_FACTOR_REQUIRED');
    const other = await createPerson(gateway());
    expect(codeOf(await another(other, key))).toBe('SECOND_FACTOR_REQUIRED');
  });

  it('leaves a record of each step, and no code in it', async () => {
    const { gateway: running, dataDir, recordOf } = gateway();
    const { person, key } = await somebody();
    const given = await another(person);
    expect(await recordOf(given)).toMatchObject({
      event: 'enrolment_code_issued',
      notes: { subject_user: person.id },
    });
    const begun = await begin(key, codeIn(given));
    expect(await recordOf(begun)).toMatchObject({ event: 'totp_enrolled', principal: { id: person.id } });
    const records = JSON.stringify(await journalOf(running.app.get(Database), dataDir));
    for (const code of [person.enrolment_code, codeIn(given), NO_CODE]) expect(records).not.toContain(code);
    const kept = await table().selectFrom('users').selectAll().execute();
    for (const code of [person.enrolment_code, codeIn(given)])
      expect(JSON.stringify(kept)).not.toContain(code);
  });
});
