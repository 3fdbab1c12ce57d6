import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { CALLBACK, CodeFlow, createClient, post, type TokenAnswer } from './support/oauth.ts';
import { createPerson } from './support/people.ts';
import { useGateway } from './support/gateway.ts';

describe.each(databases)('the authorization server on $name', (kind) => {
  const gateway = useGateway(kind, { env: { RATE_LIMIT_CLIENT_MAX: '100000' } });

  it('gives a program a token for an hour, which opens what its scopes are and no more', async () => {
    const { client } = gateway();
    const by = await createClient(client, { scopes: ['mcp:use', 'conversations:read'] });
    const answer = await post(client, 'token', { grant_type: 'client_credentials' }, { by });
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 3600, scope: 'conversations:read mcp:use' },
    });
    const { access_token: key } = answer.body as TokenAnswer;
    expect((await client.rest('/conversations', { key })).status).toBe(200);
    expect((await client.rpc('tools/list', {}, { key })).status).toBe(200);
    expect((await client.rest('/admin/keys', { key })).status).toBe(403);
  });

  it('lets a person log in and allow a client, which then acts as that person', async () => {
    const { client } = gateway();
    const person = await createPerson(gateway());
    const { client_id } = await createClient(client, {
      scopes: ['mcp:use', 'conversations:read'],
      redirect_uris: [CALLBACK],
      public: true,
    });
    const flow = new CodeFlow(client, { client_id, scope: 'conversations:read mcp:use' });
    const tokens = await flow.tokens(person.name);
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'conversations:read mcp:use' });
    expect((await client.rest('/conversations', { key: tokens.access_token })).status).toBe(200);
  });
});
