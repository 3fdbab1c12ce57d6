import type { ConnectionOptions } from 'node:tls';
import { wireFault } from './official-schema.ts';
import { LEGACY, MODERN } from './revisions.ts';
import type { Told } from './socket-client.ts';
import { secureFetch } from './tls-client.ts';

export { LEGACY, MODERN };

/** An answer, read whole. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else the text. */
  body: unknown;
}

export interface CallOptions {
  method?: string;
  key?: string | undefined;
  body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  raw?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  /** What is shown and believed in the handshake, where the gateway speaks TLS. */
  tls?: ConnectionOptions | undefined;
}

let nextId = 1;

/** Calls one gateway over both of its doors, as a client would. */
export class GatewayClient {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  async rest(path: string, { method, key, body, raw, headers, tls }: CallOptions = {}): Promise<Answer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const credential = key ?? this.key;
    const url = new URL(path, this.url);
    const request = {
      method: method ?? (payload === undefined ? 'GET' : 'POST'),
      headers: {
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...(credential && { authorization: `Bearer ${credential}` }),
        ...headers,
      },
      ...(payload !== undefined && { body: payload }),
    };
    return answerOf(tls ? await secureFetch(url, request, tls) : await fetch(url, request));
  }

  /** One JSON-RPC request at /mcp, in either era. Throws where the answer is none by the official schema. */
  async rpc(
    rpcMethod: string,
    params: Record<string, unknown> = {},
    { revision = MODERN, ...options }: CallOptions & { revision?: string } = {},
  ): Promise<Answer> {
    const modern = revision === MODERN;
    const name = params['name'] ?? params['uri'] ?? params['taskId'];
    const meta = {
      'io.modelcontextprotocol/protocolVersion': revision,
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
      ...(params['_meta'] as object | undefined),
    };
    const answer = await this.rest('/mcp', {
      body: {
        jsonrpc: '2.0',
        id: nextId++,
        method: rpcMethod,
        params: { ...params, ...(modern && { _meta: meta }) },
      },
      ...options,
      headers: {
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': revision,
        ...(modern && { 'mcp-method': rpcMethod }),
        ...(modern && typeof name === 'string' && { 'mcp-name': name }),
        ...options.headers,
      },
    });
    const { body } = answer;
    const isMessage = typeof body === 'object' && body !== null && 'jsonrpc' in body;
    const fault = isMessage ? wireFault(body as Told, modern ? MODERN : LEGACY, rpcMethod) : undefined;
    if (fault !== undefined) throw new Error(fault);
    return answer;
  }

  tool(
    name: string,
    input: Record<string, unknown>,
    options: CallOptions & { revision?: string } = {},
  ): Promise<Answer> {
    return this.rpc('tools/call', { name, arguments: input }, options);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}
