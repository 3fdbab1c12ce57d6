import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, scratchFolder, type TestDatabase } from '#testing';
import { codeOf } from './support/doors.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { createPerson, enrol, logIn, PASSWORD, type Tokens } from './support/people.ts';

const call = async ({ client }: TestGateway, key: string) => {
  const answer = await client.rest('/search', { key, body: { query: 'parcel' } });
  return answer.status === 200 ? 'in' : codeOf(answer);
};
const refresh = async ({ client }: TestGateway, token: string) =>
  client.rest('/auth/refresh', { key: '', body: { refresh_token: token } });

/** Two gateways over one PostgreSQL, which tell each other nothing: no Valkey. */
describe('a session on two replicas', () => {
  let database: TestDatabase;
  let here: TestGateway;
  let there: TestGateway;

  beforeAll(async () => {
    database = await databases[1]!.create();
    const folder = await scratchFolder();
    const boot = (env: Readonly<Record<string, string>>, remove: () => Promise<void>) =>
      bootGateway(
        { name: 'PostgreSQL', create: async () => ({ ...database, env, remove }) },
        { env: { RATE_LIMIT_ENABLED: 'false' } },
      );
    here = await boot(database.env, async () => undefined);
    there = await boot({ ...database.env, DATA_DIR: folder.path }, () => folder.remove());
  }, 120_000);
  afterAll(async () => {
    await there?.close();
    await here?.close();
    await database?.remove();
  });

  /** Used on both, so that both have just proven it. */
  async function session(role: 'employee' | 'admin' = 'employee') {
    const person = await createPerson(here, role);
    const tokens = await logIn(here.client, person.name);
    for (const replica of [here, there]) expect(await call(replica, tokens.access_token)).toBe('in');
    return { person, tokens };
  }

  it('is one session: begun on one, gone on with on the other', async () => {
    const { tokens } = await session();
    const next = (await refresh(there, tokens.refresh_token)).body as Tokens;
    expect(await call(here, next.access_token)).toBe('in');
  });

  it.each([
    [
      'its log-out',
      async (tokens: Tokens) => here.client.rest('/auth/logout', { key: tokens.access_token, body: {} }),
    ],
    [
      'the use of an old token',
      async ({ refresh_token: old }: Tokens) => {
        const { refresh_token: next } = (await refresh(here, old)).body as Tokens;
        await refresh(here, next);
        expect(codeOf(await refresh(here, old))).toBe('REFRESH_TOKEN_REUSED');
      },
    ],
    [
      'the end of its user',
      async (_: Tokens, id: string) =>
        here.client.rest(`/admin/users/${id}`, { method: 'PUT', body: { disabled: true } }),
    ],
    [
      'another role of its user',
      async (_: Tokens, id: string) =>
        here.client.rest(`/admin/users/${id}`, { method: 'PUT', body: { role: 'auditor' } }),
    ],
    [
      'another password of its user',
      async (_: Tokens, id: string) => here.client.rest(`/admin/users/${id}/password`, { body: {} }),
    ],
  ])('is over on the other within a second of %s', async (_, end) => {
    const { person, tokens } = await session();
    await end(tokens, person.id);
    expect(await call(here, tokens.access_token)).toBe('CREDENTIAL_INVALID');
    await sleep(1000);
    expect(await call(there, tokens.access_token)).toBe('CREDENTIAL_INVALID');
  });

  it('takes each code once, on whichever replica and however many come at once', async () => {
    const { person, tokens } = await session();
    const { authenticator } = await enrol(here.client, tokens.access_token);
    const body = { name: person.name, password: PASSWORD, totp: authenticator.code() };
    const answers = await Promise.all(
      [here, there, here, there].map(({ client }) => client.rest('/auth/login', { key: '', body })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401]);
  });
});
