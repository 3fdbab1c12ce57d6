import {
  Client,
  ClientCredentialsProvider,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { connect, PersonAtBrowser, type KnownAs } from './support/authorizing-client.ts';
import { openDocumentServer, type DocumentServer } from './support/document-server.ts';
import { useGateway } from './support/gateway.ts';
import { CALLBACK, createClient } from './support/oauth.ts';
import { createPerson } from './support/people.ts';

const gateway = useGateway(databases[0]!, {
  env: {
    OAUTH_REGISTRATION_ENABLED: 'true',
    OAUTH_CLIENT_DOCUMENTS: 'loopback',
    RATE_LIMIT_CLIENT_MAX: '100000',
  },
});
let documents: DocumentServer;
beforeAll(async () => {
  documents = await openDocumentServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        client_id: `${documents.url}/client.json`,
        client_name: 'The official client',
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      }),
    );
  });
});
afterAll(() => documents.close());

const mcp = () => new URL('/mcp', gateway().client.url);

const ways: [how: string, known: () => Promise<KnownAs>][] = [
  [
    'that an administrator has made',
    async () => {
      const scopes = ['mcp:use', 'conversations:read', 'tools:call'];
      const made = await createClient(gateway().client, { scopes, redirect_uris: [CALLBACK], public: true });
      return { clientId: made.client_id, issuer: `${gateway().client.url}/oauth` };
    },
  ],
  [
    'that describes itself by a document',
    async () => ({ clientMetadataUrl: `${documents.url}/client.json` }),
  ],
  ['that registers itself', async () => ({})],
];

describe.each(ways)('the official client %s', (_, known) => {
  it('logs a person in by itself, with no more than it needs, and asks for more when a tool needs it', async () => {
    const person = await createPerson(gateway());
    const provider = new PersonAtBrowser(person.name, await known());
    const { client, authorised } = await connect(mcp(), provider);
    expect(provider.askedFor).toEqual(['mcp:use']);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('search_conversations');

    const call = { name: 'search_conversations', arguments: { query: 'parcel' } };
    const result = await authorised((one) => one.callTool(call));
    expect(result.isError ?? false).toBe(false);
    expect(provider.askedFor.map((scope) => scope.split(' ').toSorted().join(' '))).toEqual([
      'mcp:use',
      'conversations:read mcp:use',
    ]);
    await client.close();
  });
});

describe('the official client of a program', () => {
  it('gets in by client credentials, without a person', async () => {
    const made = await createClient(gateway().client, { scopes: ['mcp:use', 'conversations:read'] });
    const authProvider = new ClientCredentialsProvider({
      clientId: made.client_id,
      clientSecret: made.client_secret!,
      expectedIssuer: `${gateway().client.url}/oauth`,
    });
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(mcp(), { authProvider }));
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await client.close();
  });
});
