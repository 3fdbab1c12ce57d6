import type { ConnectionOptions } from 'node:tls';
import { secureFetch } from './tls-client.ts';

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

export const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';

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

  /** One JSON-RPC request at /mcp, in either era. */
  rpc(
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
    return this.rest('/mcp', {
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
