import { beforeAll, describe, expect, it } from 'vitest';
import { roles, type Role } from '#call';
import { isGranted } from '#rbac';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { useGateway, type TestGateway } from './support/gateway.ts';
import { LEGACY, MODERN, type Answer } from './support/gateway-client.ts';
import { operationsOf, type GuardedOperation } from './support/operations.ts';

/** What each door answers to each kind of caller that must not get through. */
const cases = [
  { who: 'no key', rest: 401, mcp: 401, code: 'CREDENTIAL_MISSING' },
  { who: 'wrong key', rest: 403, mcp: 401, code: 'CREDENTIAL_UNKNOWN' },
  { who: 'expired key', rest: 401, mcp: 401, code: 'CREDENTIAL_EXPIRED' },
  // On MCP it is told that there is no such tool: hidden-offers.spec.ts.
  { who: 'wrong role', rest: 403, mcp: 200, code: 'ACCESS_REFUSED' },
  { who: 'over the limit', rest: 429, mcp: 429, code: 'RATE_LIMITED' },
] as const;

describe.each(databases)('refusals, on $name', (kind) => {
  const gateway = useGateway(kind, {
    features: [EchoModule],
    env: { RATE_LIMIT_TIERS: 'free=1/1', RATE_LIMIT_GLOBAL_MAX: '100000', RATE_LIMIT_CLIENT_MAX: '100000' },
  });
  let operations: readonly GuardedOperation[];

  beforeAll(async () => {
    operations = await operationsOf(gateway());
  });

  it('are tried on every operation that there is', () => {
    const names = operations.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'conversations.ingest',
        'conversations.search',
        'rag.ask',
        'keys.create',
        'echo',
        'health.details',
      ]),
    );
  });

  it.each(cases)(
    '$who: REST says $rest and MCP says $mcp, for every operation, and each is audited',
    async (expected) => {
      for (const operation of operations) {
        const key = await keyFor(expected.who, operation, gateway());
        if (key === undefined) continue; // every role may
        for (const call of operation.calls) {
          const answer = await call.send(key, call.validInput);
          expect({ call: call.name, status: answer.status }).toEqual({
            call: call.name,
            status: expected[call.door === 'rest' ? 'rest' : 'mcp'],
          });
          await expectRecord(answer, expected.code, gateway());
        }
      }
    },
  );

  it('bad input: REST says 400, MCP a result that is an error, for every operation, and each is audited', async () => {
    const key = await gateway().createKey({ role: 'admin', tier: 'enterprise' });
    for (const { calls } of operations) {
      for (const call of calls) {
        const answer = await call.send(key, { ...call.validInput, no_such_property: true });
        const { result } = answer.body as { result?: { isError?: boolean } };
        const said = call.door === 'rest' ? answer.status : [answer.status, result?.isError];
        const expected = call.door === 'rest' ? 400 : [200, true];
        expect({ call: call.name, said }).toEqual({ call: call.name, said: expected });
        await expectRecord(answer, 'INVALID_INPUT', gateway());
      }
    }
  });

  it('says what a 429 must say, to the letter, at both doors', async () => {
    const key = await gateway().createKey({ tier: 'free' });
    await gateway().client.rest('/echo', { key, body: { text: 'one' } });
    const rest = await gateway().client.rest('/echo', { key, body: { text: 'two' } });
    const body = {
      error: 'Rate limit exceeded',
      limit: 1,
      remaining: 0,
      reset: expect.any(Number),
      retry_after: expect.any(Number),
      global_limit_hit: false,
    };
    expect(rest.body).toEqual(body);
    for (const revision of [MODERN, LEGACY]) {
      const mcp = await gateway().client.tool('echo', { text: 'three' }, { key, revision });
      expect(mcp).toMatchObject({
        status: 429,
        body: { error: { data: expect.objectContaining({ retry_after: expect.any(Number) }) } },
      });
      for (const { headers } of [rest, mcp]) {
        expect(headers.get('x-ratelimit-limit')).toBe('1');
        expect(headers.get('x-ratelimit-remaining')).toBe('0');
        expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
    }
  });

  it('challenges at both doors, as RFC 6750 asks', async () => {
    for (const [method, path] of [
      ['POST', '/search'],
      ['POST', '/mcp'],
    ] as const) {
      const { headers } = await gateway().client.rest(path, { key: '', method, body: {} });
      expect(headers.get('www-authenticate')).toMatch(/^Bearer /);
    }
  });
});

async function keyFor(
  who: (typeof cases)[number]['who'],
  { permission }: GuardedOperation,
  { createKey, client, gateway }: TestGateway,
): Promise<string | undefined> {
  if (who === 'no key') return '';
  if (who === 'wrong key')
    return `${(await createKey()).slice(0, 3)}0000000000000000000000000000000000000000`;
  if (who === 'expired key') return expiredKey({ createKey, client, gateway });
  if (who === 'wrong role') {
    const role = roles.find((one: Role) => !isGranted(one, permission));
    return role && createKey({ role, tier: 'enterprise' });
  }
  const key = await createKey({ role: 'admin', tier: 'free' });
  await client.rest('/echo', { key, body: { text: 'the one call a minute' } });
  return key;
}

/** Rotated without an overlap, so the old one has expired. */
async function expiredKey({
  createKey,
  client,
}: Pick<TestGateway, 'createKey' | 'client' | 'gateway'>): Promise<string> {
  const key = await createKey({ role: 'admin' });
  const { body } = await client.rest('/admin/keys?limit=1000');
  const newest = (body as { keys: { id: string; created_at: string }[] }).keys.toSorted((a, b) =>
    b.created_at.localeCompare(a.created_at),
  )[0]!;
  await client.rest(`/admin/keys/${newest.id}/rotate`, { body: { overlap_hours: 0 } });
  return key;
}

async function expectRecord(answer: Answer, code: string, { recordOf }: TestGateway): Promise<void> {
  expect(await recordOf(answer)).toMatchObject({ code, result: 'refused' });
}
