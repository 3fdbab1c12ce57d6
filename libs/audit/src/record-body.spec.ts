import { describe, expect, it } from 'vitest';
import { allowed, Call, refusedBy, type Operation, type Principal } from '#call';
import { AccessRefused, GatehouseError } from '#errors';
import { callBody, eventBody } from './record-body.ts';

const operation: Operation = { name: 'conversations.search', permission: 'conversations:read' };
const principal: Principal = { id: 'p-1', name: 'Ada', role: 'service', tier: 'pro', keyId: 'k-1' };

function callOf(changes: Partial<Call> = {}): Call {
  const call = new Call({ door: 'mcp', address: '192.0.2.7', authorization: 'Bearer gk_secret' });
  return Object.assign(
    call,
    { operation, principal, target: 'search_conversations', input: { query: 'private' } },
    changes,
  );
}

const read = (body: string) => JSON.parse(`{${body}}`) as Record<string, unknown>;

describe("a call's record", () => {
  it('says who did what, from where, and what came of it, and neither arguments nor credentials', () => {
    const call = callOf();
    expect(read(callBody(call, allowed(call, 200)))).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      correlation_id: call.id,
      event: 'call',
      result: 'allowed',
      severity: 'LOW',
      status: 200,
      door: 'mcp',
      operation: 'conversations.search',
      target: 'search_conversations',
      principal: { id: 'p-1', name: 'Ada', role: 'service' },
      key_id: 'k-1',
      ip: '192.0.2.7',
      elapsed_ms: expect.any(Number),
    });
  });

  it('says why a call was refused, and leaves out what never was', () => {
    const error = new AccessRefused({ operation: 'keys.list', missing: 'keys:read' });
    expect(read(callBody(callOf(), refusedBy(error)))).toMatchObject({
      event: 'access_denied',
      result: 'refused',
      severity: 'MEDIUM',
      code: 'ACCESS_REFUSED',
      status: 403,
    });
    const stray = new Call({ door: 'rest', address: '::1', authorization: undefined });
    const record = read(callBody(stray, refusedBy(new GatehouseError('MALFORMED_JSON', 'no JSON'))));
    expect(Object.keys(record)).not.toEqual(
      expect.arrayContaining(['operation', 'target', 'principal', 'notes']),
    );
  });

  it('logs BLOCKED where an address is blocked', () => {
    const body = eventBody({ event: 'blocked_connection', severity: 'MEDIUM', ip: '198.51.100.9' });
    expect(read(body)).toMatchObject({ event: 'blocked_connection', action: 'BLOCKED', ip: '198.51.100.9' });
  });

  it('masks secrets in notes and targets', () => {
    const secret = `gk_${'a'.repeat(40)}`;
    const call = callOf({
      target: `/nowhere/${secret}`,
      notes: { header: `key ${secret}`, tries: 3, final: true },
    });
    const body = callBody(call, allowed(call, 200));
    expect(body).not.toContain('aaaa');
    expect(read(body)).toMatchObject({ notes: { tries: 3, final: true } });
  });

  it('stays small and on one line, whatever a stranger sends', () => {
    const nasty = '"\r\n{"event":"forged"}\u2028\ud800'.repeat(10_000);
    const notes = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${n}${nasty}`, nasty]));
    const call = callOf({ target: nasty, notes, principal: { ...principal, name: nasty } });
    const body = callBody(call, { ...allowed(call, 200), event: nasty });
    expect(body).toMatch(/^[\x20-\x7e]*$/);
    expect(body.length).toBeLessThan(64 * 1024);
    expect(read(body)).toMatchObject({ result: 'allowed' });
  });
});
