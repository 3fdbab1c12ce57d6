import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Call } from '#call';
import { GatehouseError } from '#errors';
import { CLIENT_CAPABILITIES, PROTOCOL_VERSION } from './wire/era.ts';
import { openHouse, type House } from './testing/house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());
beforeEach(() => {
  house.visits.length = 0;
});

describe('whatever comes', () => {
  const word = fc.constantFrom(
    'tools/call',
    'tools/list',
    'initialize',
    'ping',
    'server/discover',
    'resources/read',
    'resources/subscribe',
    'resources/unsubscribe',
    'prompts/get',
    'completion/complete',
    'logging/setLevel',
    'subscriptions/listen',
    'notifications/cancelled',
    'house://rules',
    'greet',
    'echo',
    '2.0',
    '2026-07-28',
    '__proto__',
  );
  const json = fc.jsonValue({ maxDepth: 4 });
  const anything = fc.oneof(word, json);
  const meta = fc.oneof(
    json,
    fc.record({ [PROTOCOL_VERSION]: anything, [CLIENT_CAPABILITIES]: anything }, { requiredKeys: [] }),
  );
  const params = fc.oneof(
    json,
    fc.record(
      {
        name: anything,
        uri: anything,
        arguments: anything,
        cursor: anything,
        ref: anything,
        argument: anything,
        level: anything,
        notifications: anything,
        inputResponses: anything,
        requestState: anything,
        _meta: meta,
      },
      { requiredKeys: [] },
    ),
  );
  const message = fc.oneof(
    json,
    fc.record(
      {
        jsonrpc: fc.oneof(fc.constant('2.0'), json),
        id: json,
        method: anything,
        params,
        result: json,
        error: json,
      },
      { requiredKeys: [] },
    ),
    fc.array(json),
  );
  const headers = fc.option(
    fc.dictionary(
      fc.constantFrom('mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id'),
      fc.oneof(word, fc.string()),
    ),
    { nil: undefined },
  );

  it('is answered once at most, with its own id, and only behind the guards', async () => {
    await fc.assert(
      fc.asyncProperty(message, headers, async (value, sentHeaders) => {
        house.visits.length = 0;
        const { status, body } = await house.send(value, sentHeaders ? { headers: sentHeaders } : {});
        expect(house.visits[0]).toMatch(/^guard /);
        expect(house.visits.filter((visit) => visit.startsWith('guard'))).toHaveLength(1);
        // Nothing is said to a notification, not even that its session is over.
        expect([202, 404].includes(status) || body !== undefined).toBe(true);
        expect(status === 202 && body !== undefined).toBe(false);
        const { id, result, error } = body ?? {};
        expect([undefined, (value as { id?: unknown } | null)?.id]).toContain(id);
        expect([result, error].filter(Boolean)).toHaveLength(body ? 1 : 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused unread to a stranger', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (value) => {
        const { status, code } = await house.send(value, { as: '' });
        expect([status, code]).toEqual([401, 'CREDENTIAL_MISSING']);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused behind the guards when it can not be parsed', async () => {
    const call = new Call({ door: 'mcp', address: '127.0.0.1', authorization: 'as admin' });
    const answer = await house.dispatcher.refuse(
      new GatehouseError('MALFORMED_JSON', 'The body is not well-formed JSON'),
      call,
    );
    expect(answer).toMatchObject({ status: 400, outcome: { code: 'MALFORMED_JSON' } });
    expect(JSON.parse(answer.body!)).toMatchObject({ error: { code: -32700 } });
    expect(JSON.parse(answer.body!)).not.toHaveProperty('id');
    expect(house.visits).toEqual(['guard mcp.refuse']);
  });
});
