import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openHouse, toolCall, type House } from '../testing/house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());
beforeEach(() => {
  house.visits.length = 0;
});

describe('a message', () => {
  it.each([
    ['a batch', [toolCall('echo', { text: 'a' })]],
    ['an empty batch', []],
    ['no object', 'hello'],
    ['null', null],
    ['another jsonrpc', { ...toolCall('echo'), jsonrpc: '1.0' }],
    ['no jsonrpc', { ...toolCall('echo'), jsonrpc: undefined }],
    ['no method', { jsonrpc: '2.0', id: 1 }],
    ['a method that is no text', { ...toolCall('echo'), method: 7 }],
    ['a response', { jsonrpc: '2.0', id: 1, result: {} }],
    ['an error', { jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }],
    ['a null id', { ...toolCall('echo'), id: null }],
    ['a fractional id', { ...toolCall('echo'), id: 1.5 }],
    ['an id beyond 2^53', { ...toolCall('echo'), id: 2 ** 53 }],
    ['an object for an id', { ...toolCall('echo'), id: {} }],
    ['an id without end', { ...toolCall('echo'), id: 'x'.repeat(513) }],
    [
      'a progress token without end',
      { ...toolCall('echo'), params: { _meta: { progressToken: 'x'.repeat(513) } } },
    ],
    ['a list of params', { ...toolCall('echo'), params: [] }],
    ['null params', { ...toolCall('echo'), params: null }],
    ['a text for _meta', { ...toolCall('echo'), params: { _meta: 'x' } }],
  ])('refuses %s', async (_, message) => {
    expect(await house.send(message)).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      body: { error: { code: -32600 } },
    });
    expect(house.visits).toEqual(['guard mcp.refuse']);
  });
});
