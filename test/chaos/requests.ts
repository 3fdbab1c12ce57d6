import { MODERN } from '../support/gateway-client.ts';

/** Somebody who calls: a key, from an address. */
export interface Client {
  readonly name: string;
  readonly key: string;
  readonly address: string;
}

/** One sort of request, and the statuses that it may be answered with, beside 429. */
export interface RequestKind {
  readonly name: string;
  readonly operation: string;
  readonly statuses: readonly number[];
  /** The whole of it, as bytes. */
  bytes(client: Client): Buffer;
}

interface Parts {
  method?: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

function kind(
  name: string,
  operation: string,
  { statuses = [200], ...parts }: Parts & { statuses?: readonly number[] },
): RequestKind {
  return { name, operation, statuses, bytes: (client) => request(parts, client) };
}

function request({ method, path, headers = {}, body }: Parts, { key, address }: Client): Buffer {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const all = {
    host: '127.0.0.1',
    authorization: `Bearer ${key}`,
    'x-forwarded-for': address,
    ...(payload && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const verb = method ?? (payload ? 'POST' : 'GET');
  return Buffer.from(`${verb} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${payload}`);
}

function mcp(rpcMethod: string, params: Record<string, unknown> = {}): Parts {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 'chaos', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const { name } = params;
  return {
    path: '/mcp',
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MODERN,
      'mcp-method': rpcMethod,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
    body: { jsonrpc: '2.0', id: 1, method: rpcMethod, params: { ...params, _meta: meta } },
  };
}

export const CONVERSATION = { conversation_id: 'chaos', content: 'The parcel is late, says the caller.' };

/** What clients with a key ask: both doors; reads, writes, what is cached, what is not there and what they may not. */
export const requestKinds: readonly RequestKind[] = [
  kind('REST get', 'conversations.get', { path: '/conversations/chaos' }),
  kind('REST none', 'conversations.get', { path: '/conversations/none', statuses: [404] }),
  kind('REST ingest', 'conversations.ingest', {
    path: '/conversations/ingest',
    body: CONVERSATION,
    statuses: [201],
  }),
  kind('REST search', 'conversations.search', { path: '/search', body: { query: 'parcel' } }),
  kind('REST forbidden', 'keys.list', { path: '/admin/keys', statuses: [403] }),
  kind('MCP list', 'tools/list', mcp('tools/list')),
  kind(
    'MCP search',
    'conversations.search',
    mcp('tools/call', { name: 'search_conversations', arguments: { query: 'parcel' } }),
  ),
];

/** What a stranger tries, with a key that nobody has: refused, and blocked when it goes on. */
export const guess = kind('guess', 'conversations.get', {
  path: '/conversations/chaos',
  statuses: [401, 403],
});
