import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { useGateway } from './support/gateway.ts';

const PUBLIC_URL = 'https://gate.example';
const gateway = useGateway(databases[0]!, { env: { PUBLIC_URL } });

describe('a client that does not know how to get in', () => {
  it.each([
    ['the API', '', ''],
    ['MCP', '/mcp', '/mcp'],
  ])('reads it in the metadata of %s', async (_, path, resource) => {
    const answer = await gateway().client.rest(`/.well-known/oauth-protected-resource${path}`, { key: '' });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        resource: `${PUBLIC_URL}${resource}`,
        bearer_methods_supported: ['header'],
        scopes_supported: expect.arrayContaining(['mcp:use', 'tools:call']),
      },
    });
  });

  it.each([
    ['REST', '/conversations', '', 'conversations:read'],
    ['MCP', '/mcp', '/mcp', 'mcp:use'],
  ])('is pointed there by a refusal at %s', async (_, path, suffix, scope) => {
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const options =
      path === '/mcp' ? { body, headers: { accept: 'application/json, text/event-stream' } } : {};
    const answer = await gateway().client.rest(path, { key: '', ...options });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="gatehouse", scope="${scope}", ` +
        `resource_metadata="${PUBLIC_URL}/.well-known/oauth-protected-resource${suffix}"`,
    ]);
  });

  it('is told all that a call needs when its role does not suffice', async () => {
    const key = await gateway().createKey({ role: 'auditor' });
    const answer = await gateway().client.rest('/conversations/x', { key, method: 'DELETE' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toContain(
      'error="insufficient_scope", scope="conversations:delete"',
    );
  });

  it.each(['access_token', 'api_key', 'token'])(
    'does not get in with its key as %s in the URL',
    async (name) => {
      const { key } = gateway().client;
      const { status } = await gateway().client.rest(`/conversations?${name}=${key}`, { key: '' });
      expect(status).toBe(401);
    },
  );
});
