import {
  Client,
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
  type Transport,
} from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldHttpTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as OldTransport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { useGateway } from './support/gateway.ts';
import { openSocket, SocketTransport } from './support/socket-transport.ts';

type AnyClient = Client | OldClient;
type TransportOptions = Pick<StreamableHTTPClientTransportOptions, 'requestInit' | 'fetch'>;
const doors = ['mcp', 'ws', 'tcp'] as const;

interface Generation {
  readonly client: 1 | 2;
  connect(transport: Transport | OldTransport): Promise<AnyClient>;
}

const info = { name: 'test', version: '1' };

/** The official client packages of both generations, and each way in which they find out what a server speaks. */
const clients: Record<string, Generation> = {
  'client 2, by discovery': {
    client: 2,
    async connect(transport) {
      const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
      await client.connect(transport);
      expect(client.getProtocolEra()).toBe('modern');
      return client;
    },
  },
  'client 2, by handshake': {
    client: 2,
    async connect(transport) {
      const client = new Client(info, { versionNegotiation: { mode: 'legacy' } });
      await client.connect(transport);
      expect(client.getProtocolEra()).toBe('legacy');
      return client;
    },
  },
  'client 1': {
    client: 1,
    async connect(transport) {
      const client = new OldClient(info);
      await client.connect(transport);
      return client;
    },
  },
};
const ways = Object.entries(clients).flatMap(([name, generation]) =>
  doors.map((door) => ({ name, door, generation })),
);

const conversation = {
  conversation_id: 'parcel',
  scenario_title: 'Parcels',
  messages: [
    { author_name: 'Ana', author_type: 'human', text: 'Where is my parcel?' },
    { author_name: 'Ben', author_type: 'assistant', text: 'It waits for you at the post office in Porto.' },
  ],
};

describe.each(databases)('the whole gateway on $name', (kind) => {
  const gateway = useGateway(kind);

  describe.each(ways)('called by the official $name at $door', ({ door, generation }) => {
    let key: string;
    let client: AnyClient;

    function connect(bearer: string, options: TransportOptions = {}): Promise<AnyClient> {
      if (door !== 'mcp')
        return generation.connect(new SocketTransport(() => openSocket(gateway(), door, bearer)));
      const headers = { authorization: `Bearer ${bearer}` };
      const all = { requestInit: { headers }, ...options };
      const url = new URL('/mcp', gateway().client.url);
      const Http = generation.client === 1 ? OldHttpTransport : StreamableHTTPClientTransport;
      return generation.connect(new Http(url, all));
    }

    async function tool(name: string, input: Record<string, unknown>): Promise<unknown> {
      const result = await client.callTool({ name, arguments: input });
      expect(result).not.toMatchObject({ isError: true });
      return result.structuredContent;
    }

    async function rest(path: string, body?: unknown): Promise<unknown> {
      const answer = await gateway().client.rest(path, { key, body });
      expect(answer.status).toBeLessThan(300);
      return answer.body;
    }

    beforeAll(async () => {
      key = await gateway().createKey({ role: 'admin', tier: 'enterprise' });
      client = await connect(key);
      await tool('ingest_conversation', conversation);
    });
    afterAll(() => client.close());

    it('lists what there is', async () => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name).toSorted()).toEqual([
        'delete_conversation',
        'get_conversation',
        'get_conversations',
        'health_check',
        'ingest_conversation',
        'rag_ask',
        'search_conversations',
      ]);
      const { prompts } = await client.listPrompts();
      expect(prompts).toMatchObject([
        { name: 'ask_with_sources', arguments: [{ name: 'question', required: true }] },
      ]);
      const { resourceTemplates } = await client.listResourceTemplates();
      expect(resourceTemplates).toMatchObject([{ uriTemplate: 'conversation://{id}' }]);
    });

    it.each([
      ['ingest_conversation', conversation, '/conversations/ingest', conversation],
      ['search_conversations', { query: 'parcel in Porto' }, '/search', { query: 'parcel in Porto' }],
      ['rag_ask', { query: 'Where is the parcel?' }, '/rag/ask', { query: 'Where is the parcel?' }],
      ['get_conversation', { conversation_id: 'parcel' }, '/conversations/parcel', undefined],
      ['get_conversations', { limit: 5 }, '/conversations?limit=5', undefined],
    ])('is told by %s what REST tells', async (name, input, path, body) => {
      const told = await tool(name, input);
      expect(told).toEqual(await rest(path, body));
      expect(JSON.stringify(told)).toContain('parcel');
    });

    it('pings, where its revision knows that', async () => {
      const knows = !(client instanceof Client && client.getProtocolEra() === 'modern');
      const answered = await client.ping().then(
        () => true,
        () => false,
      );
      expect(answered).toBe(knows);
    });

    it('reads a conversation as a resource, and a prompt', async () => {
      const { contents } = await client.readResource({ uri: 'conversation://parcel' });
      expect(contents).toMatchObject([{ uri: 'conversation://parcel', mimeType: 'application/json' }]);
      const { text } = contents[0] as { text: string };
      expect(JSON.parse(text)).toEqual(await rest('/conversations/parcel'));
      const question = 'Where is the parcel?';
      const { messages } = await client.getPrompt({ name: 'ask_with_sources', arguments: { question } });
      expect(messages).toMatchObject([
        { role: 'user', content: { text: expect.stringContaining(question) } },
      ]);
    });

    it('deletes, and is then told so in a result that a model can read', async () => {
      await tool('ingest_conversation', { conversation_id: 'short-lived', content: 'Soon gone.' });
      await tool('delete_conversation', { conversation_id: 'short-lived' });
      const { status } = await gateway().client.rest('/conversations/short-lived', { key });
      expect(status).toBe(404);
      const name = 'get_conversation';
      const result = await client.callTool({ name, arguments: { conversation_id: 'short-lived' } });
      expect(result).toMatchObject({ isError: true, content: [{ type: 'text' }] });
      expect(JSON.stringify(result.content)).toContain('No conversation has this id');
    });

    it('is told what was wrong with its arguments in such a result', async () => {
      const result = await client.callTool({ name: 'search_conversations', arguments: { query: 7 } });
      expect(result.isError).toBe(true);
      expect(JSON.stringify(result.content)).toContain('/query');
    });

    it('does not get in with a wrong key', async () => {
      const wrong = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
      for (const bearer of [wrong, 'no-key-at-all']) {
        const statuses: number[] = [];
        const observed: typeof fetch = async (...request) => {
          const response = await fetch(...request);
          statuses.push(response.status);
          return response;
        };
        await expect(connect(bearer, { fetch: observed })).rejects.toThrow(
          /401|Invalid API key|Bearer|Authentication failed/,
        );
        expect(new Set(statuses)).toEqual(new Set(door === 'mcp' ? [401] : []));
      }
    });
  });
});
