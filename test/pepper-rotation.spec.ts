import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Pepper } from '#identity';
import type { IssuedOAuthClientView } from '#oauth';
import { databases, scratchFolder, type ScratchFolder } from '#testing';
import type { Visit } from './support/browser.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
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

const [ONE, TWO] = ['Zq8vT2mXr5LkW9pNc3HbYd7JfGs4UeAo1', 'RiBtMz6KxQwVnEyCgPhSjDuFl0TaOI2k9'];
const scope = 'conversations:read mcp:use';

/** What was made under one API_KEY_PEPPER, and is shown under the next, with the one before in API_KEY_PREVIOUS_PEPPER. */
describe('a pepper that has changed', () => {
  let folder: ScratchFolder;
  let booted: TestGateway;
  let person: Person;
  let program: IssuedOAuthClientView;
  let forPersons: IssuedOAuthClientView;
  let session: Tokens;
  let oauth: TokenAnswer;
  let flow: CodeFlow;
  let page: Visit;
  let recoveryCodes: string[];
  let careful: Person;

  const write = (name: string, value: string): void => {
    writeFileSync(join(folder.path, `${name}.new`), value, { mode: 0o600 });
    renameSync(join(folder.path, `${name}.new`), join(folder.path, name));
  };
  const statusWith = async (key: string) => (await booted.client.rest('/conversations', { key })).status;
  const begun = () => new CodeFlow(booted.client, { client_id: forPersons.client_id, scope });
  const own = (by: IssuedOAuthClientView) =>
    post(booted.client, 'token', { grant_type: 'client_credentials' }, { by });
  const renew = (token: string) =>
    post(booted.client, 'token', {
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: forPersons.client_id,
    });
  const refresh = (token: string) =>
    booted.client.rest('/auth/refresh', { key: '', body: { refresh_token: token } });

  beforeAll(async () => {
    folder = await scratchFolder();
    write('pepper', ONE);
    write('former', ONE);
    booted = await bootGateway(databases[0]!, {
      env: {
        API_KEY_PEPPER_FILE: join(folder.path, 'pepper'),
        API_KEY_PREVIOUS_PEPPER_FILE: join(folder.path, 'former'),
        RATE_LIMIT_CLIENT_MAX: '100000',
        RATE_LIMIT_ADDRESS_MAX: '100000',
      },
    });
    const { client } = booted;
    program = await createClient(client, { scopes: scope.split(' ') });
    const order = { scopes: scope.split(' '), redirect_uris: [CALLBACK], public: true };
    forPersons = await createClient(client, order);
    person = await createPerson(booted);
    session = await logIn(client, person.name);
    oauth = await begun().tokens(person.name);
    careful = await createPerson(booted);
    ({ recoveryCodes } = await enrol(client, (await logIn(client, careful.name)).access_token));
    flow = begun();
    page = await flow.start();

    write('pepper', TWO);
    await vi.waitUntil(() => booted.gateway.app.get(Pepper).is(TWO), { timeout: 10_000 });
  }, 600_000);
  afterAll(async () => {
    await booted.close();
    await folder.remove();
  });

  it('ends no session: access tokens are good, and refresh tokens name their heirs once', async () => {
    expect(await statusWith(session.access_token)).toBe(200);
    const [first, again] = [await refresh(session.refresh_token), await refresh(session.refresh_token)];
    expect([first.status, again.status]).toEqual([200, 200]);
    const heir = (first.body as Tokens).refresh_token;
    expect((again.body as Tokens).refresh_token).toBe(heir);
    const next = await refresh(heir);
    expect(next.status).toBe(200);
    expect(await statusWith((next.body as Tokens).access_token)).toBe(200);
  });

  it('leaves the codes with which people recover, each good once', async () => {
    const totp = recoveryCodes[0]!;
    expect((await tryLogin(booted.client, careful.name, { totp })).status).toBe(200);
    expect((await tryLogin(booted.client, careful.name, { totp })).status).toBe(401);
  });

  it('leaves the secrets of OAuth clients, and no other secret', async () => {
    expect((await own(program)).status).toBe(200);
    expect((await own({ ...program, client_secret: `${program.client_secret!}x` })).status).toBe(401);
  });

  it('leaves what persons have allowed: tokens, and one living end of their refresh tokens', async () => {
    expect(await statusWith(oauth.access_token)).toBe(200);
    const renewed = await renew(oauth.refresh_token!);
    expect(renewed.status).toBe(200);
    const { access_token: access, refresh_token: heir } = renewed.body as TokenAnswer;
    expect(await statusWith(access)).toBe(200);
    // Used before: it was stolen, or its heir was, so all that came of it ends.
    expect((await renew(oauth.refresh_token!)).status).toBe(400);
    expect((await renew(heir!)).status).toBe(400);
    await expect.poll(() => statusWith(access)).toBe(401);
  });

  it('goes on with a page that was open meanwhile', async () => {
    const consent = await flow.browser.submit(page, 'login', {
      name: person.name,
      password: PASSWORD,
      totp: '',
    });
    const { url } = await flow.browser.submit(consent, 'consent');
    const answer = await flow.exchange(url.searchParams.get('code')!);
    expect(answer.status).toBe(200);
  });
});
