import type { Permission } from '#call';
import { Catalogue } from '#mcp';
import { DeclaredOperations } from '#pipeline';
import { OpenApiDocument } from '../../apps/gateway/src/docs/open-api-document.ts';
import type { TestGateway } from './gateway.ts';
import type { Answer, CallOptions } from './gateway-client.ts';
import { askOverSocket, type Shown } from './socket-ask.ts';

/** One way to make an operation happen: a route, or a tool. */
export interface OperationCall {
  name: string;
  door: 'rest' | 'mcp' | 'ws' | 'tcp';
  validInput: Record<string, unknown>;
  /** @param shown a key, or what else the caller shows */
  send(shown: string | Shown, input: Record<string, unknown>): Promise<Answer>;
}

export interface GuardedOperation {
  name: string;
  permission: Permission;
  calls: OperationCall[];
}

/** Input that each operation accepts; what is not named here takes none. */
const inputs: Record<string, Record<string, unknown>> = {
  echo: { text: 'hello' },
  'conversations.ingest': { conversation_id: 'c-1', content: 'The parcel is late.' },
  'conversations.get': { conversation_id: 'c-1' },
  'conversations.delete': { conversation_id: 'c-1' },
  'conversations.search': { query: 'parcel' },
  'rag.ask': { query: 'Where is the parcel?' },
  'rag.ask-stream': { query: 'Where is the parcel?' },
  'keys.create': { name: 'another', role: 'service' },
  'keys.rotate': { id: '00000000-0000-4000-8000-000000000000' },
  'keys.revoke': { id: '00000000-0000-4000-8000-000000000000' },
  'users.create': { name: 'Another', role: 'employee' },
  'users.get': { id: '00000000-0000-4000-8000-000000000000' },
  'users.amend': { id: '00000000-0000-4000-8000-000000000000', role: 'employee' },
  'users.delete': { id: '00000000-0000-4000-8000-000000000000' },
  'users.reset-password': { id: '00000000-0000-4000-8000-000000000000' },
  'users.reset-totp': { id: '00000000-0000-4000-8000-000000000000' },
  'users.issue-enrolment-code': { id: '00000000-0000-4000-8000-000000000000' },
  'auth.step-up': { totp: '123456' },
  'auth.totp-enrol': { password: 'a long walk' },
  'auth.totp-confirm': { totp: '123456' },
  'auth.change-password': { password: 'a long walk', new_password: 'another long walk' },
  'blocks.add': { address: '192.0.2.77' },
  'blocks.lift': { address: '192.0.2.77' },
  'cache.invalidate-key': { key: 'call:one' },
  'connections.close': { id: '0123456789ab-0123456789ab' },
  'oauth.clients.create': { name: 'a client', scopes: ['mcp:use'] },
  'oauth.clients.rotate-secret': { id: '00000000-0000-4000-8000-000000000000' },
  'oauth.clients.delete': { id: '00000000-0000-4000-8000-000000000000' },
  'oauth.grants.revoke': { id: '00000000-0000-4000-8000-000000000000' },
  'limits.read': { client: 'somebody' },
  'limits.reset': { client: 'somebody' },
  'persons.export': { author_name: 'Ana' },
  'persons.erase': { author_name: 'Ana' },
};

/** Every guarded operation of a gateway, with all its routes and tools: what is declared, not a list of our own. */
export async function operationsOf(test: TestGateway): Promise<GuardedOperation[]> {
  const { gateway, client, managementClient } = test;
  const operations = new Map<string, GuardedOperation>();
  const entry = (name: string, permission: Permission): GuardedOperation => {
    let operation = operations.get(name);
    if (!operation) operations.set(name, (operation = { name, permission, calls: [] }));
    return operation;
  };

  const { document } = gateway.app.get(OpenApiDocument);
  const routes = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([verb, { operationId }]) => ({
      path,
      verb,
      operationId: operationId as string,
    })),
  );
  for (const { controller, method, operation } of gateway.app.get(DeclaredOperations).routes) {
    if (!operation.permission) continue;
    const route = routes.find(({ operationId }) => operationId === `${controller}.${method}`)!;
    const door = /^\/(audit\/|health\/|cache|performance\/|restart)/.test(route.path)
      ? managementClient
      : client;
    entry(operation.name, operation.permission).calls.push({
      name: `${route.verb.toUpperCase()} ${route.path}`,
      door: 'rest',
      validInput: inputs[operation.name] ?? {},
      send: (shown, input) => door.rest(...request(route, input, shownBy(shown))),
    });
  }

  for (const [name, { handler }] of gateway.app.get(Catalogue).tools) {
    const { operation } = handler;
    if (!operation.permission) continue;
    entry(operation.name, operation.permission).calls.push({
      name: `tool ${name}`,
      door: 'mcp',
      validInput: inputs[operation.name] ?? {},
      send: (shown, input) => client.tool(name, input, shownBy(shown)),
    });
    for (const door of ['ws', 'tcp'] as const)
      entry(operation.name, operation.permission).calls.push({
        name: `tool ${name} over ${door}`,
        door,
        validInput: inputs[operation.name] ?? {},
        send: (shown, input) => askOverSocket(test, { door, ...shownBy(shown), raw: toolCall(name, input) }),
      });
  }
  return [...operations.values()];
}

export function shownBy(shown: string | Shown): Shown {
  return typeof shown === 'string' ? { key: shown } : shown;
}

function toolCall(name: string, input: Record<string, unknown>): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } });
}

function request(
  { path, verb }: { path: string; verb: string },
  input: Record<string, unknown>,
  shown: Shown,
): [string, CallOptions] {
  const rest = { ...input };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = encodeURIComponent(String(rest[name]));
    delete rest[name];
    return value;
  });
  const method = verb.toUpperCase();
  if (method === 'POST' || method === 'PUT') return [filled, { method, ...shown, body: rest }];
  const query = new URLSearchParams(rest as Record<string, string>).toString();
  return [query ? `${filled}?${query}` : filled, { method, ...shown }];
}
