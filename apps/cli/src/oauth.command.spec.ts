import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerOAuth } from './oauth.command.ts';
import { runCommand } from './testing/run-command.ts';

const client = {
  client_id: 'c-1',
  name: 'nightly',
  role: 'service',
  scopes: ['mcp:use', 'rag:ask'],
  grant_types: ['client_credentials'],
  redirect_uris: [],
  public: false,
  registered: false,
  created_at: '2026-07-28T03:00:00.000Z',
  created_by: 'p-1',
};
const key = {
  kid: 'k-1',
  algorithm: 'ES256',
  status: 'signing',
  created_at: '2026-07-28T03:00:00.000Z',
  signs_from: '2026-07-28T03:00:00.000Z',
  expires_at: null,
};
const grant = {
  id: 'g-1',
  client_id: 'https://client.example/it',
  subject: 'u-1',
  scopes: ['mcp:use'],
  created_at: '2026-07-28T03:00:00.000Z',
  expires_at: '2026-10-26T03:00:00.000Z',
  state: 'active',
};
const asked: { method: string; url: string; body: unknown }[] = [];

const gatehouse = (...args: string[]) => runCommand(registerOAuth, 'oauth', ...args);

describe('gatehouse oauth', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      void (async () => {
        const { method = '', url = '' } = request;
        const sent = method === 'POST' && request.headers['content-type'] ? await json(request) : undefined;
        asked.push({ method, url, body: sent });
        const grants = method === 'GET' ? { grants: [grant], total: 1, skip: 0, limit: 1000 } : grant;
        const answer = url.includes('/grants')
          ? grants
          : url.includes('/keys')
            ? { keys: [key] }
            : method === 'GET'
              ? { clients: [client], total: 1, skip: 0, limit: 1000 }
              : { ...client, ...(method === 'POST' && { client_secret: 'gs_told-once' }) };
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      })();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('GATEHOUSE_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv('GATEHOUSE_API_KEY', 'a-key-for-commands-0123456789-0123456789');
  });
  afterEach(() => void asked.splice(0));
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
  });

  it('makes a client, and shows its secret once', async () => {
    const { code, stdout } = await gatehouse('clients', 'create', 'nightly', '--scopes', 'mcp:use, rag:ask');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Id: +c-1\nSecret: gs_told-once\n/)]);
    expect(asked).toEqual([
      {
        method: 'POST',
        url: '/admin/oauth/clients',
        body: { name: 'nightly', scopes: ['mcp:use', 'rag:ask'] },
      },
    ]);
  });

  it('lists, rotates and deletes clients', async () => {
    expect((await gatehouse('clients', 'list')).stdout).toMatch(
      /c-1 +nightly +service +itself +mcp:use rag:ask/,
    );
    expect((await gatehouse('clients', 'rotate-secret', 'c/1')).stdout).toContain('gs_told-once');
    expect(await gatehouse('clients', 'delete', 'c-1')).toMatchObject({
      code: 2,
      stderr: 'No client was deleted: say --yes, for it can not be taken back\n',
    });
    expect((await gatehouse('clients', 'delete', 'c-1', '--yes')).stdout).toBe('Deleted: nightly (c-1)\n');
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /admin/oauth/clients?skip=0&limit=1000',
      'POST /admin/oauth/clients/c%2F1/rotate-secret',
      'DELETE /admin/oauth/clients/c-1',
    ]);
  });

  it('lists grants, of one client and one person if told so, and revokes one', async () => {
    const list = await gatehouse('grants', 'list', '--client', grant.client_id, '--subject', 'u-1');
    expect(list.stdout).toMatch(
      /^ID +CLIENT +SUBJECT +SCOPES +STATE +ALLOWED +EXPIRES\ng-1 +https:.* +active /,
    );
    expect((await gatehouse('grants', 'list', '--json')).stdout).toBe(
      `${JSON.stringify([grant], null, 2)}\n`,
    );
    const revoked = await gatehouse('grants', 'revoke', 'g/1');
    expect(revoked.stdout).toBe('Revoked: g-1, of u-1 to https://client.example/it\n');
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /admin/oauth/grants?client_id=https%3A%2F%2Fclient.example%2Fit&subject=u-1&skip=0&limit=1000',
      'GET /admin/oauth/grants?skip=0&limit=1000',
      'DELETE /admin/oauth/grants/g%2F1',
    ]);
  });

  it('lists and rotates keys', async () => {
    expect((await gatehouse('keys', 'list', '--json')).stdout).toBe(`${JSON.stringify([key], null, 2)}\n`);
    expect((await gatehouse('keys', 'rotate', '--compromised')).stdout).toMatch(/k-1 +ES256 +signing/);
    expect(asked.at(-1)).toMatchObject({ method: 'POST', body: { compromised: true } });
  });

  it('says what is allowed when it is mistyped', async () => {
    expect(await gatehouse('clients', 'create', 'x')).toMatchObject({ code: 2 });
    const role = await gatehouse('clients', 'create', 'x', '--scopes', 'a', '--role', 'king');
    expect(role).toMatchObject({ code: 2 });
    expect(asked).toEqual([]);
  });
});
