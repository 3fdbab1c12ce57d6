import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { databases, scratchFolder } from '#testing';
import { LEGACY } from './support/gateway-client.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { useGateway } from './support/gateway.ts';

const PUBLIC_URL = 'https://gate.example';
const gateway = useGateway(databases[0]!, { env: { PUBLIC_URL } });

describe('a client that does not know how to get in', () => {
  it.each([
    ['the API', '', '', expect.arrayContaining(['mcp:use', 'tools:call', 'keys:write'])],
    // What a client asks for that was told of no scope: no more than everybody may have.
    ['MCP', '/mcp', '/mcp', ['mcp:use']],
  ])('reads it in the metadata of %s', async (_, path, resource, scopes) => {
    const answer = await gateway().client.rest(`/.well-known/oauth-protected-resource${path}`, { key: '' });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        resource: `${PUBLIC_URL}${resource}`,
        bearer_methods_supported: ['header'],
        scopes_supported: scopes,
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

  it.each([
    ['no key', '', 401, 401, undefined],
    ['a key that is none', 'nobody', 403, 401, 'invalid_token'],
  ])('is challenged for %s as each door has it', async (_, key, rest, mcp, error) => {
    const answers = [
      [await gateway().client.rest('/conversations', { key }), rest],
      [await gateway().client.rpc('tools/list', {}, { key }), mcp],
      [await gateway().client.rpc('tools/list', {}, { key, revision: LEGACY }), mcp],
    ] as const;
    for (const [{ status, headers }, expected] of answers) {
      const challenge = headers.get('www-authenticate');
      // REST says of an unknown key that it will never do: there is nothing to ask for.
      expect(challenge === null).toBe(status === 403);
      expect([status, /error="(\w+)"/.exec(challenge ?? '')?.[1]]).toEqual([
        expected,
        status === 401 ? error : undefined,
      ]);
    }
  });

  it.each(['api_key', 'token'])('does not get in with its key as %s in the URL', async (name) => {
    const { key } = gateway().client;
    const { status } = await gateway().client.rest(`/conversations?${name}=${key}`, { key: '' });
    expect(status).toBe(401);
  });
});

describe('a token in a URL', () => {
  const TOKEN = 'a-token-that-was-sent-in-a-url-0123456789';
  const queries = [`access_token=${TOKEN}`, `limit=1&access%5Ftoken=${TOKEN}`, `access_token=&a=${TOKEN}`];

  it.each(queries)('is refused at every door, also beside a good key: ?%s', async (query) => {
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const mcp = { body: ping, headers: { accept: 'application/json, text/event-stream' } };
    for (const key of [gateway().client.key, '']) {
      for (const [path, options] of [
        ['/conversations', {}],
        ['/nowhere', {}],
        ['/mcp', mcp],
      ] as const) {
        const answer = await gateway().client.rest(`${path}?${query}`, { key, ...options });
        expect({ path, status: answer.status }).toEqual({ path, status: 400 });
        expect(JSON.stringify(answer.body)).toMatch(/INVALID_REQUEST.*|Authorization header/);
        expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain(TOKEN);
        const record = await gateway().recordOf(answer);
        expect(record).toMatchObject({ code: 'INVALID_REQUEST', result: 'refused', event: 'invalid_input' });
        expect(JSON.stringify(record)).not.toContain(TOKEN);
      }
    }
  });

  it('stands in no line of the log, and in no file', async () => {
    await using scratch = await scratchFolder();
    const env = { DATA_DIR: scratch.path, LOG_DIR: join(scratch.path, 'log'), LOG_LEVEL: 'trace' };
    const program = await GatewayProcess.start(env);
    try {
      for (const path of ['/conversations', '/nowhere', '/mcp', '/health', '/%zz'])
        for (const query of [...queries, `api_key=${TOKEN}`]) await program.client.rest(`${path}?${query}`);
      expect(program.output).not.toBe('');
    } finally {
      await program.stop();
    }
    expect(program.output).not.toContain(TOKEN);
    const entries = readdirSync(scratch.path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const { parentPath, name } of files)
      expect({ name, holds: readFileSync(join(parentPath, name)).includes(TOKEN) }).toEqual({
        name,
        holds: false,
      });
  });
});
