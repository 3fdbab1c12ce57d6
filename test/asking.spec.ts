import { describe, expect, it } from 'vitest';
import {
  everyWay,
  initialized,
  legacyWays,
  modernWays,
  sharedWays,
  useEveryDoor,
  type Way,
} from './support/every-door.ts';
import { LEGACY } from './support/gateway-client.ts';
import { openSocket } from './support/socket-transport.ts';
import type { Params, ProtocolClient, Told } from './support/protocol-client.ts';

const house = useEveryDoor({ CLIENT_ANSWER_TIMEOUT_MS: '2000', MAX_CONCURRENT_SESSIONS: '2' });

const asked = (way: Way, options = {}) => house.open(way, { capabilities: { elicitation: {} }, ...options });
const accept = (content: Params) => ({ action: 'accept', content });
const textOf = ({ result }: Told) => (result?.['content'] as { text: string }[] | undefined)?.[0]?.text;
const codeOf = ({ error, result }: Told) =>
  error?.data?.['code'] ??
  (result?.['_meta'] as Record<string, { code: string }> | undefined)?.['gatehouse/error']?.code;

interface Asked extends Told {
  result: { resultType: string; inputRequests: Record<string, unknown>; requestState: string };
}

/** Calls a tool, and answers each of its questions with the same, in the manner of its era. */
async function interviewed(client: ProtocolClient, name: string, said: unknown): Promise<Told> {
  client.onAsked = () => said;
  let told = await client.tool(name);
  while (told.result?.['resultType'] === 'input_required') {
    const { inputRequests, requestState } = (told as Asked).result;
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, said]));
    told = await client.tool(name, {}, { inputResponses, requestState });
  }
  return told;
}

const questions = (client: ProtocolClient) => client.heardOf('elicitation/create');
const ids = (client: ProtocolClient) =>
  client.heard.filter(({ method }) => method === 'elicitation/create').map(({ id }) => id);

describe.each(everyWay)('a client that is asked, at $name', (way) => {
  it('answers, and the tool goes on', async () => {
    expect(textOf(await interviewed(await asked(way), 'interview', accept({ name: 'Ann' })))).toBe(
      'It was {"name":"Ann"}',
    );
  });

  it('may decline', async () => {
    expect(textOf(await interviewed(await asked(way), 'interview', { action: 'decline' }))).toBe(
      'It was nobody',
    );
  });

  it('answers two questions at once', async () => {
    const told = await interviewed(await asked(way), 'survey', accept({ answer: 'yes' }));
    expect(told.result?.['structuredContent']).toEqual({
      one: accept({ answer: 'yes' }),
      two: accept({ answer: 'yes' }),
    });
  });

  it('is not asked what it has not said that it can answer', async () => {
    expect(codeOf(await (await house.open(way)).tool('interview'))).toBe('CAPABILITY_MISSING');
  });
});

describe.each(modernWays)('what a client is given to keep, at $name', (way) => {
  it('is good for the same call alone, and refused and recorded HIGH where it was tampered with', async () => {
    const client = await asked(way);
    const { requestState } = ((await client.tool('interview')) as Asked).result;
    const inputResponses = { who: accept({ name: 'Ann' }) };
    for (const [name, state] of [
      ['interview', `${requestState}x`],
      ['survey', requestState],
    ] as const) {
      const refused = await client.tool(name, {}, { requestState: state, inputResponses });
      expect(refused.error).toMatchObject({ code: -32_602, data: { code: 'STATE_REFUSED' } });
      const id = refused.error!.data!['correlation_id'];
      expect(house.recordsAt(way.door).filter((one) => one.correlation_id === id)).toMatchObject([
        { severity: 'HIGH', code: 'STATE_REFUSED', door: way.door },
      ]);
    }
    expect(textOf(await client.tool('interview', {}, { requestState, inputResponses }))).toContain('Ann');
  });
});

describe.each(legacyWays)('what a client of a session is asked, at $name', (way) => {
  it('is nothing where it says more of what it can do than anyone needs to say', async () => {
    const capabilities = { elicitation: {}, experimental: { filler: 'x'.repeat(20_000) } };
    await expect(house.open(way, { capabilities })).rejects.toThrow('INVALID_INPUT');
  });

  it('leaves a record of its own, which knows the call', async () => {
    const client = await asked(way);
    const told = await interviewed(client, 'interview', accept({ name: 'Ann' }));
    expect(told).toHaveProperty('result');
    const records = house.recordsAt(way.door);
    const question = records.findLast(({ event }) => event === 'client_asked')!;
    expect(question).toMatchObject({ door: way.door, target: 'elicitation/create', result: 'allowed' });
    const { asked_by: by } = question['notes'] as { asked_by: string };
    expect(records.filter((one) => one.correlation_id === by)).toMatchObject([{ operation: 'interview' }]);
  });

  it('waits for no more answers once one was refused', async () => {
    const client = await asked(way);
    const call = client.tool('survey');
    await expect.poll(() => questions(client)).toHaveLength(2);
    const [first, second] = ids(client);
    await client.respond(first, { error: { code: -1, message: 'no' } });
    expect(codeOf(await call)).toBe('UPSTREAM_FAILED');
    // It is an answer to nothing by now, and harms nobody.
    await client.respond(second, { result: accept({ answer: 'late' }) });
    expect(textOf(await interviewed(client, 'interview', { action: 'decline' }))).toBe('It was nobody');
  });

  it('is not answered in time, or not as the question has it', async () => {
    const client = await asked(way);
    expect(codeOf(await client.tool('interview'))).toBe('UPSTREAM_FAILED');
    expect(codeOf(await interviewed(client, 'interview', { action: 7 }))).toBe('UPSTREAM_FAILED');
  });

  it('is not asked any more when the call is cancelled', async () => {
    const client = await asked(way);
    const call = client.begin('tools/call', { name: 'interview', arguments: {} });
    await expect.poll(() => questions(client)).toHaveLength(1);
    await client.cancel(call);
    await client.respond(ids(client)[0], { result: accept({ name: 'late' }) });
    expect(await client.tool('speak')).toHaveProperty('result');
    await client.close();
    expect(JSON.stringify((await call.answer) ?? {})).not.toContain('late');
  });
});

const lasting = sharedWays.filter(({ door, revision }) => door !== 'mcp' && revision === LEGACY);

describe.each(lasting)('the session of a connection, at $name', (way) => {
  it('takes answers from nobody else, though another may know the id of the question', async () => {
    const [owner, other] = [await asked(way), await asked(way)];
    const call = owner.tool('interview');
    await expect.poll(() => owner.heard).toHaveLength(1);
    const { id } = owner.heard[0]!;
    await other.respond(id, { result: accept({ name: 'Eve' }) });
    await other.tool('speak');
    await owner.respond(id, { result: accept({ name: 'Ann' }) });
    expect(textOf(await call)).toBe('It was {"name":"Ann"}');
  });

  it('is not resumed: whoever comes back begins anew, and hears nothing of what was before', async () => {
    const key = await house.gateway().createKey();
    const client = await asked(way, { key });
    await client.request('resources/subscribe', { uri: 'news://pages/1' });
    const call = client.begin('tools/call', { name: 'wait', arguments: { milliseconds: 60_000 } });
    await client.request('ping');
    await client.close();
    expect(await call.answer).toBeUndefined();
    const again = await asked(way, { key });
    await again.tool('announce', { changed: 'news://pages/1' });
    await again.tool('announce', { changed: 'tools' });
    await expect
      .poll(() => again.heard.map(({ method }) => method))
      .toEqual(['notifications/tools/list_changed']);
    await expect
      .poll(() =>
        house
          .recordsAt(way.door)
          .filter(({ code, operation }) => code === 'CANCELLED' && operation === 'wait'),
      )
      .not.toHaveLength(0);
  });

  it('ends when its client opens more than it may, wherever: it may begin anew on the same connection', async () => {
    const key = await house.gateway().createKey();
    const first = await asked(way, { key });
    const others = await Promise.all([asked(way, { key }), asked({ ...way, door: 'mcp' }, { key })]);
    expect(codeOf(await first.request('ping'))).toBe('SESSION_NOT_FOUND');
    for (const other of others) expect(await other.request('ping')).toHaveProperty('result');
    await initialized(first);
    expect(await first.request('ping')).toHaveProperty('result');
  });

  it('is no session of any other connection', async () => {
    const client = await house.open(way);
    const socket = await openSocket(
      house.gateway(),
      way.door === 'ws' ? 'ws' : 'tcp',
      await house.gateway().createKey(),
    );
    expect(await socket.request('resources/subscribe', { uri: 'news://pages/1' })).toMatchObject({
      error: { data: { code: 'SESSION_NOT_FOUND' } },
    });
    socket.drop();
    await socket.over;
    expect(await client.request('ping')).toHaveProperty('result');
  });
});
