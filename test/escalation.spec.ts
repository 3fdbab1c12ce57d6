import { beforeAll, describe, expect, it } from 'vitest';
import type { IssuedOAuthClientView } from '#oauth';
import { databases } from '#testing';
import { CALLBACK, CodeFlow, createClient, post, type TokenAnswer } from './support/oauth.ts';
import { codeOf } from './support/doors.ts';
import { createPerson, enrol, logIn, PASSWORD, tryLogin } from './support/people.ts';
import { useGateway } from './support/gateway.ts';

const gateway = useGateway(databases[0]!, {
  env: {
    RATE_LIMIT_CLIENT_MAX: '100000',
    RATE_LIMIT_ADDRESS_MAX: '100000',
    OAUTH_REGISTRATION_ENABLED: 'true',
  },
});

const tokenOf = async (scopes: string[]): Promise<string> => {
  const by = await createClient(gateway().client, { role: 'admin', scopes });
  const answer = await post(gateway().client, 'token', { grant_type: 'client_credentials' }, { by });
  return (answer.body as TokenAnswer).access_token;
};

describe('a token of few scopes', () => {
  it('makes and takes over no key that is worth more', async () => {
    const { client } = gateway();
    const key = await tokenOf(['keys:write', 'keys:read']);
    const made = await client.rest('/admin/keys', { key, body: { name: 'mine', role: 'admin' } });
    const other = await client.rest('/admin/keys', { body: { name: 'theirs', role: 'admin' } });
    const { id } = other.body as { id: string };
    const taken = await client.rest(`/admin/keys/${id}/rotate`, { key, body: {} });
    expect([made, taken].map(codeOf)).toEqual(['ACCESS_REFUSED', 'ACCESS_REFUSED']);
    const revoked = await client.rest(`/admin/keys/${id}`, { key, method: 'DELETE' });
    expect(revoked.status).toBe(200);
  });

  it('makes and takes over no person', async () => {
    const { client } = gateway();
    const key = await tokenOf(['users:write']);
    const person = await createPerson(gateway(), 'admin');
    const answers = [
      await client.rest('/admin/users', { key, body: { name: 'Mallory', role: 'admin' } }),
      await client.rest(`/admin/users/${person.id}/password`, { key, body: {} }),
      await client.rest(`/admin/users/${person.id}/totp`, { key, method: 'DELETE' }),
    ];
    expect(answers.map(codeOf)).toEqual(answers.map(() => 'ACCESS_REFUSED'));
  });

  it('takes over no client that may have more', async () => {
    const { client } = gateway();
    const key = await tokenOf(['oauth:write', 'mcp:use']);
    const mighty = await createClient(client, { role: 'admin', scopes: ['keys:write'] });
    const small = await createClient(client, { scopes: ['mcp:use'] });
    const rotate = (id: string) =>
      client.rest(`/admin/oauth/clients/${id}/rotate-secret`, { key, method: 'POST' });
    expect(codeOf(await rotate(mighty.client_id))).toBe('ACCESS_REFUSED');
    expect((await rotate(small.client_id)).body).toHaveProperty('client_secret');
  });
});

describe('who has guessed a password', () => {
  let forPersons: IssuedOAuthClientView;
  beforeAll(async () => {
    forPersons = await createClient(gateway().client, {
      scopes: ['mcp:use', 'conversations:read'],
      redirect_uris: [CALLBACK],
      public: true,
    });
  });

  it('allows no client any more once it is another one, also where he has logged in before', async () => {
    const { client } = gateway();
    const person = await createPerson(gateway());
    const flow = new CodeFlow(client, { client_id: forPersons.client_id, scope: 'conversations:read' });
    const consent = await flow.logIn(person.name);
    const changed = await client.rest(`/admin/users/${person.id}/password`, {
      body: { password: 'quite another long password' },
    });
    expect(changed.status).toBe(200);
    const { url, status } = await flow.browser.submit(consent, 'consent');
    expect({ status, code: url.searchParams.get('code') }).toEqual({ status: 400, code: null });
  });

  it('does not wipe out wrong one-time codes with the password', async () => {
    const { client } = gateway();
    const person = await createPerson(gateway());
    const { key } = await enrol(client, (await logIn(client, person.name)).access_token);
    const statuses: number[] = [];
    for (let round = 0; round < 3; round++) {
      for (let tries = 0; tries < 3; tries++)
        statuses.push((await tryLogin(client, person.name, { totp: '000000' })).status);
      await client.rest('/auth/password', { key, body: { password: PASSWORD, new_password: 'short' } });
    }
    expect(statuses).toContain(429);
  });
});

describe('the name of a client', () => {
  it('neither turns the words beside it around nor hides in them', async () => {
    const { client } = gateway();
    const names = ['Bank\u202Eknab', '\u0000Bank', `\u200B${'Long '.repeat(40)}`];
    for (const client_name of names) {
      const body = { client_name, redirect_uris: [CALLBACK] };
      const { client_id: id } = (await client.rest('/oauth/register', { key: '', body })).body as {
        client_id: string;
      };
      const { html } = await new CodeFlow(client, { client_id: id }).start();
      expect(/<bdi>(.*?)<\/bdi>/.exec(html)?.[1]).toMatch(/^[\w ]{1,100}$/);
    }
  });
});

describe('bytes that no database takes', () => {
  it('are no name, no client and no token', async () => {
    const { client } = gateway();
    const login = await tryLogin(client, 'a\u0000b');
    const flow = new CodeFlow(client, { client_id: 'a\u0000b' });
    const page = await flow.start();
    const token = await post(client, 'token', { grant_type: 'client_credentials', client_id: 'a\u0000b' });
    expect([login.status, page.status, token.status].every((status) => status < 500)).toBe(true);
  });
});
