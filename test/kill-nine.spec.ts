import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FileSource, readOnlyTables, TableSource, verifyJournal, type Report } from '#audit';
import { databases, type DatabaseKind, type TestDatabase } from '#testing';
import { journalOf } from './support/audit-records.ts';
import { LEGACY, type Answer, type GatewayClient } from './support/gateway-client.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { ADMIN_KEY } from './support/gateway.ts';

const CALLERS = 16;
/** After the first answer of a round, so that it falls while calls run, whatever the machine's speed. */
const LONGEST_LIFE_MS = 600;
/** Starting takes most of the time, and much longer where others use the machine. */
const ENOUGH_MS = 40_000;
const FEWEST_ROUNDS = 3;
const TIMEOUT_MS = 180_000;

/** Both doors; allowed, refused and failed. */
const calls: ((client: GatewayClient, n: number) => Promise<Answer>)[] = [
  (client, n) => client.rest('/conversations/ingest', { body: conversation(n) }),
  (client) => client.rpc('tools/list'),
  (client) => client.tool('search_conversations', { query: 'call' }),
  (client) => client.tool('rag_ask', { query: '' }),
  (client, n) => client.rest(`/conversations/none-${n}`),
  (client) => client.rest('/search', { key: 'wrong', body: { query: 'call' } }),
  (client) => client.rpc('tools/list', {}, { key: 'wrong' }),
  (client) => client.rest('/search', { raw: '{"query":' }),
  (client) => client.rpc('resources/templates/list', {}, { revision: LEGACY }),
  (client) => client.rest('/nowhere'),
];

function conversation(n: number): Record<string, unknown> {
  return { conversation_id: `c-${n % 20}`, content: `Call ${n}` };
}

describe.each([
  { kind: databases[0]!, rounds: 12 },
  { kind: databases[1]!, rounds: 1 },
])('kill -9 under load, on $kind.name', ({ kind, rounds }) => {
  it('loses no record of an answer, however often', { timeout: TIMEOUT_MS }, async () => {
    await using place = await database(kind);
    const answered = new Set<string>();
    const enough = Date.now() + ENOUGH_MS;
    for (let round = 0; round < rounds && (round < FEWEST_ROUNDS || Date.now() < enough); round++) {
      const env = {
        LOG_LEVEL: 'fatal',
        // What a blocked address tries is counted, and leaves no record each.
        AUTO_BLOCK_ENABLED: 'false',
        AUDIT_DURABILITY: 'strict',
        GATEHOUSE_API_KEY: ADMIN_KEY,
        ...place.env,
      };
      const gateway = await GatewayProcess.start(env);
      const before = answered.size;
      await callUntilKilled(gateway, answered);
      expect(answered.size).toBeGreaterThan(before);
      // What the killed left; the next round looks at it again, after the next start has.
      expect(await verify(place)).toMatchObject({ valid: true, findings: [] });
    }

    const recorded = await recordedCalls(place);
    expect([...answered].filter((id) => !recorded.has(id))).toEqual([]);
    expect(await verify(place)).toMatchObject({ valid: true, findings: [] });
  });
});

async function database(kind: DatabaseKind): Promise<TestDatabase & AsyncDisposable> {
  const created = await kind.create();
  return { ...created, [Symbol.asyncDispose]: () => created.remove() };
}

/** Adds the id of each call whose answer came whole. */
async function callUntilKilled(gateway: GatewayProcess, answered: Set<string>): Promise<void> {
  let n = 0;
  let killed: Promise<unknown> | undefined;
  const kill = async (): Promise<void> => {
    await sleep(Math.random() * LONGEST_LIFE_MS);
    await gateway.stop('SIGKILL');
  };
  const caller = async (): Promise<void> => {
    for (;;) {
      const call = calls[n++ % calls.length]!;
      const answer = await call(gateway.client, n).catch(() => undefined);
      if (!answer) return; // cut off
      answered.add(answer.headers.get('x-correlation-id')!);
      killed ??= kill();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await killed;
}

function verify({ env }: TestDatabase): Promise<Report> {
  const { DATABASE_URL: url, DATA_DIR: folder } = env;
  const source = url ? new TableSource(readOnlyTables(url)) : new FileSource(folder!);
  return verifyJournal({ source });
}

async function recordedCalls(place: TestDatabase): Promise<Set<string>> {
  const opened = await place.open();
  try {
    const records = await journalOf(opened.database, place.env['DATA_DIR']!);
    return new Set(records.map(({ correlation_id: id }) => id));
  } finally {
    await opened.close();
  }
}
