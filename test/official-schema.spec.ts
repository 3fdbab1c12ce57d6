import { describe, expect, it } from 'vitest';
import { LEGACY, MODERN } from './support/gateway-client.ts';
import { wireFault } from './support/official-schema.ts';
import type { Told } from './support/protocol-client.ts';

const envelope = { jsonrpc: '2.0', id: 1 };
const tool = { name: 'a', inputSchema: { type: 'object' } };
const kept = { ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
/** As it comes, without what is undefined. */
const told = (said: object) => JSON.parse(JSON.stringify({ ...envelope, ...said })) as Told;

describe('what a server says, by the official schema', () => {
  it.each([
    [LEGACY, 'tools/list', { result: { tools: [tool] } }],
    [LEGACY, 'ping', { result: {} }],
    [MODERN, 'tools/list', { result: { ...kept, tools: [tool] } }],
    [MODERN, 'tools/call', { result: { content: [], resultType: 'complete' } }],
    [MODERN, 'tools/call', { result: { resultType: 'task', taskId: 'a' } }],
    [MODERN, 'tasks/get', { result: { resultType: 'complete' } }],
    [MODERN, 'tools/call', { error: { code: -32_602, message: 'no' } }],
    [LEGACY, undefined, { method: 'roots/list' }],
  ])('is right in %s: to %s %j', (revision, asked, said) => {
    expect(wireFault(told(said), revision, asked)).toBeUndefined();
  });

  it.each([
    [LEGACY, 'tools/list', { result: { tools: [{ name: 'a' }] } }, 'inputSchema'],
    [LEGACY, 'tasks/new', { result: {} }, 'a result of tasks/new'],
    [LEGACY, 'nothing/new', { result: {} }, 'a result of nothing/new'],
    [MODERN, 'tools/list', { result: { tools: [tool] } }, "'resultType'"],
    [MODERN, 'tools/call', { result: { content: [] } }, "'resultType'"],
    [
      MODERN,
      'tools/list',
      { result: { tools: [tool], resultType: 'complete' } },
      'no ListToolsResultResponse',
    ],
    [MODERN, 'tools/call', { error: { code: 1.5, message: 'no' } }, 'no JSONRPCErrorResponse'],
    [MODERN, 'tools/call', { error: { code: -32_021, message: 'no' } }, 'no MissingRequiredClientCapability'],
    [MODERN, undefined, { method: 'roots/list' }, 'a request of the server'],
    [LEGACY, undefined, { method: 'sampling/createMessage', params: {} }, 'no ServerRequest'],
    [LEGACY, undefined, { id: undefined, method: 'notifications/progress' }, 'no ProgressNotification'],
    [MODERN, undefined, { id: undefined, method: 'notifications/new' }, 'that it does not have'],
  ])('is wrong in %s: to %s %j', (revision, asked, said, says) => {
    expect(wireFault(told(said), revision, asked)).toContain(says);
  });
});
