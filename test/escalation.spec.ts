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
