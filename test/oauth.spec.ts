import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { Authorities, type Authority, type Proven } from '#identity';
import type { IssuedOAuthClientView } from '#oauth';
import { Database } from '#persistence';
import { databases } from '#testing';
import { codeOf } from './support/doors.ts';
import { CALLBACK, CodeFlow, createClient, post, type TokenAnswer } from './support/oauth.ts';
import { createPerson, enrol, logIn, type Person } from './support/people.ts';
import { useGateway } from './support/gateway.ts';

const BOTH = 'conversations:read mcp:use';

describe.each(databases)('the authorization server on $name', (kind) => {
  const gateway = useGateway(kind, {
    env: { RATE_LIMIT_CLIENT_MAX: '100000', RATE_LIMIT_ADDRESS_MAX: '100000' },
  });
  let program: IssuedOAuthClientView;
  let forPersons: IssuedOAuthClientView;
  let person: Person;
  beforeAll(async () => {
    const { client } = gateway();
    program = await createClient(client, { scopes: BOTH.split(' ') });
    forPersons = await createClient(client, {
      scopes: BOTH.split(' '),
      redirect_uris: [CALLBACK],
      public: true,
    });
    person = await createPerson(gateway());
  });

  const flow = (more: Record<string, string> = {}) =>
    new CodeFlow(gateway().client, { client_id: forPersons.client_id, scope: BOTH, ...more });
  const refresh = (token: string, more: Record<string, string> = {}) =>
    post(gateway().client, 'token', {
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: forPersons.client_id,
      ...more,
    });
  const table = () => gateway().gateway.app.get(Database).kysely;
  const statusWith = async (key: string) => (await gateway().client.rest('/conversations', { key })).status;
  const ownToken = async (more: Record<string, string> = {}, by = program) => {
    const answer = await post(
      gateway().client,
      'token',
      { grant_type: 'client_credentials', ...more },
      { by },
    );
    return answer.body as TokenAnswer;
  };

  const revoke = (token: string, by: object) => post(gateway().client, 'revoke', { token, ...by });
  const introspect = async (token: string, by = program) =>
    (await post(gateway().client, 'introspect', { token }, { by })).body as { active: boolean };

  it('names no endpoint in its metadata that is not there', async () => {
    const { client } = gateway();
    const { body } = await client.rest('/.well-known/oauth-authorization-server/oauth', { key: '' });
    const endpoints = Object.entries(body as Record<string, string>).filter(([name]) =>
      /_endpoint$|_uri$/.test(name),
    );
    expect(endpoints.map(([name]) => name)).toContain('token_endpoint');
    for (const [name, url] of endpoints) {
      const answer = await client.rest(url, { key: '' });
      expect({ name, found: codeOf(answer) !== 'NOT_FOUND' }).toEqual({ name, found: true });
    }
  });

  it('takes a client of persons by each of its redirect URIs, whatever stands beside it', async () => {
    const { client } = gateway();
    const uris = ['https://app.example/callback', CALLBACK, 'com.example.app:/callback'];
    for (const redirect_uris of [uris, uris.toReversed(), [uris[0]!, uris[1]!]]) {
      const made = await createClient(client, { scopes: ['mcp:use'], redirect_uris, public: true });
      for (const redirect_uri of redirect_uris) {
        const { client_id } = made;
        const page = await new CodeFlow(client, { client_id, redirect_uri }).start();
        expect({ redirect_uri, status: page.status }).toEqual({ redirect_uri, status: 200 });
      }
    }
  });

  it('makes no client that could never ask', async () => {
    const redirect_uris = ['https://localhost/callback', 'com.example.app:/callback'];
    const body = { name: 'Neither', scopes: ['mcp:use'], redirect_uris };
    const answer = await gateway().client.rest('/admin/oauth/clients', { body });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'INVALID_INPUT']);
  });

  describe('for a program', () => {
    it('gives a token for an hour, which opens what its scopes are and no more', async () => {
      const { client } = gateway();
      const answer = await post(client, 'token', { grant_type: 'client_credentials' }, { by: program });
      expect(answer).toMatchObject({
        status: 200,
        body: { token_type: 'Bearer', expires_in: 3600, scope: BOTH },
      });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await gateway().recordOf(answer)).toMatchObject({
        event: 'oauth_token_issued',
        operation: 'oauth.token',
        notes: { grant_type: 'client_credentials', oauth_client: program.client_id },
      });
      const { access_token: key } = answer.body as TokenAnswer;
      expect(decodeProtectedHeader(key)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
      expect(decodeJwt(key)).toMatchObject({ iss: `${client.url}/oauth`, aud: `${client.url}/mcp` });
      expect(await statusWith(key)).toBe(200);
      expect((await client.rpc('tools/list', {}, { key })).status).toBe(200);
      expect((await client.rest('/admin/keys', { key })).status).toBe(403);
      const listed = await client.rest('/conversations', { key });
      expect(await gateway().recordOf(listed)).toMatchObject({
        principal: { id: `client:${program.client_id}`, name: program.name, role: 'service' },
        key_id: expect.stringMatching(/^oauth:/),
      });
    });

    it('narrows it to the scope and the resource that are asked for', async () => {
      const { client } = gateway();
      const narrow = await ownToken({ scope: 'mcp:use', resource: client.url });
      expect(decodeJwt(narrow.access_token)).toMatchObject({ scope: 'mcp:use', aud: client.url });
      expect(await statusWith(narrow.access_token)).toBe(403);
      const more = await post(
        client,
        'token',
        { grant_type: 'client_credentials', scope: 'keys:write' },
        { by: program },
      );
      expect(more).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
      const elsewhere = await post(
        client,
        'token',
        { grant_type: 'client_credentials', resource: 'https://other.example/mcp' },
        { by: program },
      );
      expect(elsewhere).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
    });

    it('refuses a wrong secret as a wrong key: with a record of a bad credential, and without a Bearer challenge', async () => {
      const wrong = { ...program, client_secret: `${program.client_secret!}x` };
      const answer = await post(
        gateway().client,
        'token',
        { grant_type: 'client_credentials' },
        { by: wrong },
      );
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(await gateway().recordOf(answer)).toMatchObject({
        event: 'invalid_auth',
        code: 'CREDENTIAL_INVALID',
        result: 'refused',
        status: 401,
      });
    });

    it('takes the new secret of one that was rotated, and not the old one', async () => {
      const { client } = gateway();
      const old = await createClient(client, { scopes: ['mcp:use'] });
      const rotated = await client.rest(`/admin/oauth/clients/${old.client_id}/rotate-secret`, {
        method: 'POST',
      });
      const fresh = rotated.body as IssuedOAuthClientView;
      expect(await ownToken({}, fresh)).toMatchObject({ token_type: 'Bearer' });
      expect(await ownToken({}, old)).toMatchObject({ error: 'invalid_client' });
    });

    it('lets what it has begun go on without a token, for as long as it is known', async () => {
      const { client, gateway: running } = gateway();
      const made = await createClient(client, { scopes: BOTH.split(' ') });
      const { access_token: token } = await ownToken({}, made);
      const authorities = running.app.get(Authorities);
      const competent = authorities.competentFor(token) as Authority;
      const { principal } = (await competent.judge(token, 0)) as Proven;
      expect(principal.scopes).toEqual(new Set(BOTH.split(' ')));
      const renewed = () => authorities.vouchingFor(principal)!.renew(principal, 0);
      expect(await renewed()).toMatchObject({ proven: true, principal });
      await client.rest(`/admin/oauth/clients/${made.client_id}`, { method: 'DELETE' });
      expect(await renewed()).toMatchObject({ proven: false, reason: 'client-gone' });
    });

    it('voids its tokens within a second when it is deleted', async () => {
      const { client } = gateway();
      const doomed = await createClient(client, { scopes: BOTH.split(' ') });
      const { access_token: key } = await ownToken({}, doomed);
      expect(await statusWith(key)).toBe(200);
      await client.rest(`/admin/oauth/clients/${doomed.client_id}`, { method: 'DELETE' });
      await expect.poll(() => statusWith(key), { timeout: 5_000 }).toBe(401);
    });
  });

  describe('for a person', () => {
    it('gives a client what was allowed, in the name of the person', async () => {
      const { client } = gateway();
      const tokens = await flow().tokens(person.name);
      expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: BOTH });
      const listed = await client.rest('/conversations', { key: tokens.access_token });
      expect(listed.status).toBe(200);
      expect(await gateway().recordOf(listed)).toMatchObject({
        principal: { id: person.id, name: person.name, role: 'employee' },
      });
    });

    it('gives the least that there is to a client that does not say what it needs', async () => {
      const tokens = await new CodeFlow(gateway().client, { client_id: forPersons.client_id }).tokens(
        person.name,
      );
      expect(tokens.scope).toBe('mcp:use');
    });

    it("gives away nothing that is not the person's own", async () => {
      const { client } = gateway();
      const scopes = ['mcp:use', 'keys:write'];
      const { client_id } = await createClient(client, { scopes, redirect_uris: [CALLBACK], public: true });
      const asking = new CodeFlow(client, { client_id, scope: scopes.join(' ') });
      const consent = await asking.logIn(person.name);
      expect(consent.html).toContain('mcp:use');
      expect(consent.html).not.toContain('keys:write');
      const { url } = await asking.browser.submit(consent, 'consent');
      const answer = await asking.exchange(url.searchParams.get('code')!);
      expect((answer.body as TokenAnswer).scope).toBe('mcp:use');
    });

    it('refreshes, and gives a new refresh token each time', async () => {
      const first = await flow().tokens(person.name);
      const second = (await refresh(first.refresh_token!)).body as TokenAnswer;
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect(await statusWith(second.access_token)).toBe(200);
      const narrow = (await refresh(second.refresh_token!, { scope: 'mcp:use' })).body as TokenAnswer;
      expect(narrow.scope).toBe('mcp:use');
      expect(await statusWith(narrow.access_token)).toBe(403);
    });

    it('revokes the whole family when a refresh token is used twice, and says so loudly', async () => {
      const first = await flow().tokens(person.name);
      const second = (await refresh(first.refresh_token!)).body as TokenAnswer;
      const again = await refresh(first.refresh_token!);
      expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      expect(await gateway().recordOf(again)).toMatchObject({
        event: 'refresh_token_reused',
        severity: 'HIGH',
      });
      expect((await refresh(second.refresh_token!)).status).toBe(400);
      for (const { access_token: key } of [first, second]) {
        await expect.poll(() => statusWith(key), { timeout: 5_000 }).toBe(401);
      }
    });

    it('lets one of two win that use a refresh token at the same time, and then neither', async () => {
      const { refresh_token: token } = await flow().tokens(person.name);
      const answers = await Promise.all(Array.from({ length: 4 }, () => refresh(token!)));
      expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
      for (const { status, body } of answers) {
        if (status !== 200) continue;
        const { access_token: key, refresh_token: next } = body as TokenAnswer;
        await expect.poll(() => statusWith(key), { timeout: 5_000 }).toBe(401);
        expect((await refresh(next!)).status).toBe(400);
      }
    });

    it('voids what a code has given when the code is used again', async () => {
      const asking = flow();
      const code = await asking.code(person.name);
      const { access_token: key } = (await asking.exchange(code)).body as TokenAnswer;
      expect(await statusWith(key)).toBe(200);
      const replayed = await asking.exchange(code);
      expect(replayed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      expect(await gateway().recordOf(replayed)).toMatchObject({ severity: 'HIGH' });
      await expect.poll(() => statusWith(key), { timeout: 5_000 }).toBe(401);
    });

    it('takes its tokens away once the person may not log in any more', async () => {
      const leaving = await createPerson(gateway());
      const { access_token: key, refresh_token: token } = await flow().tokens(leaving.name);
      expect(await statusWith(key)).toBe(200);
      const { client } = gateway();
      const change = { method: 'PUT', body: { disabled: true } };
      expect((await client.rest(`/admin/users/${leaving.id}`, change)).status).toBe(200);
      await expect.poll(() => statusWith(key), { timeout: 5_000 }).toBe(401);
      expect((await refresh(token!)).status).toBe(400);
    });

    it('takes its tokens away when the person gets a new password', async () => {
      const { client } = gateway();
      const guessed = await createPerson(gateway());
      const { access_token: key } = await flow().tokens(guessed.name);
      expect(await statusWith(key)).toBe(200);
      await sleep(1_000);
      const reset = await client.rest(`/admin/users/${guessed.id}/password`, { body: {} });
      expect(reset.status).toBeLessThan(300);
      await expect.poll(() => statusWith(key), { timeout: 5_000 }).toBe(401);
    });

    it('opens what needs a second factor to who has shown one when logging in', async () => {
      const { client } = gateway();
      const admin = await createPerson(gateway(), 'admin');
      const scopes = ['mcp:use', 'oauth:read', 'oauth:write'];
      const { client_id } = await createClient(client, { scopes, redirect_uris: [CALLBACK], public: true });
      const rotate = (key: string) => client.rest('/admin/oauth/keys/rotate', { key, body: {} });
      const scope = scopes.join(' ');
      const without = await new CodeFlow(client, { client_id, scope }).tokens(admin.name);
      expect((await client.rest('/admin/oauth/keys', { key: without.access_token })).status).toBe(200);
      const refused = await rotate(without.access_token);
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('insufficient_user_authentication'),
      ]);
      const { access_token: session } = await logIn(client, admin.name);
      const { authenticator } = await enrol(client, session);
      const shown = await new CodeFlow(client, { client_id, scope }).tokens(admin.name, {
        totp: authenticator.code(),
      });
      expect((await rotate(shown.access_token)).status).toBe(201);
    });
  });

  describe('what persons have allowed', () => {
    interface Listed {
      grants: { id: string; client_id: string; subject: string; state: string }[];
      total: number;
    }
    const list = async (query: Record<string, string>) => {
      const path = `/admin/oauth/grants?${new URLSearchParams(query).toString()}`;
      return (await gateway().client.rest(path)).body as Listed;
    };

    it('is listed by client and by person, page by page, the youngest first', async () => {
      const { client } = gateway();
      const someone = await createPerson(gateway());
      const order = { scopes: ['mcp:use'], redirect_uris: [CALLBACK], public: true };
      const { client_id } = await createClient(client, order);
      const { access_token: first } = await new CodeFlow(client, { client_id }).tokens(someone.name);
      const { access_token: other } = await flow().tokens(someone.name);
      const [id, otherId] = [first, other].map((token) => decodeJwt(token)['grant_id']);
      expect(await list({ client_id, subject: someone.id })).toEqual({
        grants: [
          {
            id,
            client_id,
            subject: someone.id,
            scopes: ['mcp:use'],
            created_at: expect.stringMatching(/Z$/),
            expires_at: expect.stringMatching(/Z$/),
            state: 'active',
          },
        ],
        total: 1,
        skip: 0,
        limit: 100,
      });
      const all = await list({ subject: someone.id });
      expect(new Set(all.grants.map((one) => one.id))).toEqual(new Set([id, otherId]));
      const page = await list({ subject: someone.id, skip: '1', limit: '1' });
      expect([page.total, page.grants]).toEqual([2, [all.grants[1]]]);
      expect(await list({ client_id, subject: person.id })).toMatchObject({ grants: [], total: 0 });
      await client.rest(`/admin/users/${someone.id}`, { method: 'PUT', body: { disabled: true } });
      expect((await list({ subject: someone.id })).grants.map(({ state }) => state)).toEqual([
        'void',
        'void',
      ]);
    });

    it('is found also where it is from before that was kept', async () => {
      const someone = await createPerson(gateway());
      await flow().tokens(someone.name);
      const forgetting = table().updateTable('oauth_artifacts').set({ account_id: null });
      await forgetting.where('account_id', '=', someone.id).execute();
      expect((await list({ subject: someone.id })).total).toBe(1);
    });

    it('is taken back with all tokens of it, and on record', async () => {
      const { client, recordOf } = gateway();
      const { access_token: key, refresh_token: token } = await flow().tokens(person.name);
      const { access_token: kept } = await flow().tokens(person.name);
      expect(await statusWith(key)).toBe(200);
      const id = decodeJwt(key)['grant_id'] as string;
      const revoking = { method: 'DELETE' };
      const revoked = await client.rest(`/admin/oauth/grants/${id}`, revoking);
      expect(revoked).toMatchObject({ status: 200, body: { id, subject: person.id } });
      expect(await recordOf(revoked)).toMatchObject({
        event: 'oauth_grant_revoked',
        notes: { subject_user: person.id, oauth_client: forPersons.client_id },
      });
      expect(await statusWith(key)).toBe(401);
      expect((await refresh(token!)).status).toBe(400);
      expect(await statusWith(kept)).toBe(200);
      expect((await client.rest(`/admin/oauth/grants/${id}`, revoking)).status).toBe(404);
    });

    it('is neither shown to nor taken back by who may not', async () => {
      const { client, createKey } = gateway();
      const { access_token: key } = await flow().tokens(person.name);
      const path = `/admin/oauth/grants/${decodeJwt(key)['grant_id'] as string}`;
      const service = await createKey({ role: 'service' });
      expect((await client.rest('/admin/oauth/grants', { key: service })).status).toBe(403);
      const auditor = await createKey({ role: 'auditor' });
      expect((await client.rest('/admin/oauth/grants', { key: auditor })).status).toBe(200);
      const { name } = await createPerson(gateway(), 'admin');
      const { access_token: plain } = await logIn(client, name);
      const statuses = [];
      for (const by of [service, auditor, plain])
        statuses.push((await client.rest(path, { key: by, method: 'DELETE' })).status);
      expect(statuses).toEqual([403, 403, 401]);
      expect(await statusWith(key)).toBe(200);
    });
  });

  describe('its keys', () => {
    it('sign on while a new one is published, and verify when they sign no more', async () => {
      const { client } = gateway();
      const { access_token: key } = await ownToken();
      const { kid } = decodeProtectedHeader(key);
      const before = (await client.rest('/oauth/jwks', { key: '' })).body as { keys: { kid: string }[] };
      expect(before.keys.map((one) => one.kid)).toContain(kid);
      expect(JSON.stringify(before)).not.toContain('"d"');
      expect((await client.rest('/admin/oauth/keys/rotate', { body: {} })).status).toBe(201);
      const after = (await client.rest('/oauth/jwks', { key: '' })).body as { keys: { kid: string }[] };
      expect(after.keys).toHaveLength(before.keys.length + 1);
      // Whoever caches the set has the new key before anything is signed with it.
      expect(decodeProtectedHeader((await ownToken()).access_token).kid).toBe(kid);
      expect(await statusWith(key)).toBe(200);
    });

    it('are void at once when they were given away', async () => {
      const { client } = gateway();
      const { access_token: key } = await ownToken();
      expect(await statusWith(key)).toBe(200);
      await client.rest('/admin/oauth/keys/rotate', { body: { compromised: true } });
      await expect.poll(() => statusWith(key), { timeout: 5_000 }).toBe(401);
      expect(await statusWith((await ownToken()).access_token)).toBe(200);
      const { body } = await client.rest('/oauth/jwks', { key: '' });
      expect((body as { keys: unknown[] }).keys).toHaveLength(1);
    });
  });

  describe('what its database holds', () => {
    it('opens nothing: no code, no token, no secret and no private key stands there', async () => {
      const asking = flow();
      const code = await asking.code(person.name);
      const tokens = (await asking.exchange(code)).body as TokenAnswer;
      const { kysely } = gateway().gateway.app.get(Database);
      const rows = [
        await kysely.selectFrom('oauth_artifacts').selectAll().execute(),
        await kysely.selectFrom('oauth_clients').selectAll().execute(),
        await kysely.selectFrom('oauth_signing_keys').selectAll().execute(),
      ];
      const text = JSON.stringify(rows);
      const cookies = asking.browser.cookies().map((cookie) => cookie.split('=')[1]!);
      for (const secret of [code, tokens.refresh_token!, program.client_secret!, ...cookies]) {
        expect(text).not.toContain(secret);
      }
      expect(text).not.toContain('\\"d\\"');
    });
  });

  describe('a token that its client does not want any more', () => {
    it('is described to the client it is of, and to no other', async () => {
      const { access_token: token } = await ownToken();
      expect(await introspect(token)).toMatchObject({
        active: true,
        client_id: program.client_id,
        scope: BOTH,
      });
      const other = await createClient(gateway().client, { scopes: ['mcp:use'] });
      expect(await introspect(token, other)).toEqual({ active: false });
      expect(await introspect('nothing')).toEqual({ active: false });
      expect(await introspect('eyJhbGciOiJub25lIn0.e30.')).toEqual({ active: false });
      const stranger = await post(gateway().client, 'introspect', { token });
      expect(stranger.status).toBe(400);
    });

    it('is void within a second of its revocation, which no other client can bring about', async () => {
      const { access_token: token } = await ownToken();
      const other = await createClient(gateway().client, { scopes: ['mcp:use'] });
      expect((await post(gateway().client, 'revoke', { token }, { by: other })).status).toBe(200);
      await sleep(1_100);
      expect(await statusWith(token)).toBe(200);
      expect((await post(gateway().client, 'revoke', { token }, { by: program })).status).toBe(200);
      await expect.poll(() => statusWith(token), { timeout: 5_000 }).toBe(401);
      expect(await introspect(token)).toEqual({ active: false });
    });

    it.each(['access_token', 'refresh_token'] as const)(
      'takes all of its family along: %s',
      async (which) => {
        const tokens = await flow().tokens(person.name);
        expect((await revoke(tokens[which]!, { client_id: forPersons.client_id })).status).toBe(200);
        await expect.poll(() => statusWith(tokens.access_token), { timeout: 5_000 }).toBe(401);
        expect((await refresh(tokens.refresh_token!)).status).toBe(400);
      },
    );
  });
});
