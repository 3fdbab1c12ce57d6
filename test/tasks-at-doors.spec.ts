import { describe, expect, it } from 'vitest';
import { everyWay, legacyWays, modernWays, useEveryDoor, type Way } from './support/every-door.ts';
import type { Params, ProtocolClient, Told } from './support/protocol-client.ts';
import type { ShownTask } from './support/task-client.ts';

const TASKS = 'io.modelcontextprotocol/tasks';
const FOLLOWS = { elicitation: {}, extensions: { [TASKS]: {} } };
const FOREVER = { milliseconds: 60_000 };
const house = useEveryDoor({
  TASK_CONCURRENCY: '4',
  TASK_DRAIN_MS: '0',
  MAX_TASKS_PER_CLIENT: '5',
  TASK_POLL_INTERVAL_MS: '100',
});

const follower = (way: Way) => house.open(way, { capabilities: FOLLOWS });
const codeOf = ({ error }: Told) => error?.data?.['code'];
const inColour = (colour: unknown) => ({ action: 'accept', content: { colour } });

async function started(client: ProtocolClient, name: string, input: Params = {}): Promise<string> {
  const { result } = await client.tool(name, input);
  expect(result).toMatchObject({ resultType: 'task', taskId: expect.any(String) });
  return result!['taskId'] as string;
}

async function shown(client: ProtocolClient, taskId: string): Promise<ShownTask> {
  const { result } = await client.request('tasks/get', { taskId });
  return result as unknown as ShownTask;
}

const answer = (client: ProtocolClient, taskId: string, inputResponses: Params) =>
  client.request('tasks/update', { taskId, inputResponses });

describe.each(modernWays)('a task at $name', (way) => {
  it('runs, and keeps its result for whoever asks', async () => {
    const client = await follower(way);
    const { result } = await client.tool('work', { milliseconds: 20 });
    expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 3_600_000 });
    const taskId = result!['taskId'] as string;
    await expect
      .poll(() => shown(client, taskId))
      .toMatchObject({ status: 'completed', result: { structuredContent: { worked: 20 } } });
  });

  it('leaves a record of its call at the door, and one of its run, which knows the call', async () => {
    const client = await follower(way);
    const task = await started(client, 'work', { milliseconds: 0 });
    const own = () =>
      house
        .recordsAt(way.door)
        .filter(({ notes }) => (notes as { task?: string } | undefined)?.task === task);
    await expect.poll(own).toHaveLength(2);
    const [called, run] = own();
    expect(called).toMatchObject({ door: way.door, operation: 'work', result: 'allowed' });
    expect(run).toMatchObject({
      door: way.door,
      operation: 'work',
      result: 'allowed',
      notes: { run: 1, created_by: called!.correlation_id },
      principal: called!['principal'],
    });
  });

  it('waits for its client as often as it has to ask', async () => {
    const client = await follower(way);
    const id = await started(client, 'paint');
    const asked = async () => Object.keys((await shown(client, id)).inputRequests ?? {});
    await expect.poll(asked).toEqual(['wall', 'door']);
    expect(codeOf(await answer(client, id, { wall: inColour(7) }))).toBe('INVALID_INPUT');
    await answer(client, id, { wall: inColour('red'), door: inColour('blue') });
    await expect.poll(asked).toEqual(['roof']);
    await answer(client, id, { roof: inColour('green') });
    await expect
      .poll(() => shown(client, id))
      .toMatchObject({ status: 'completed', result: { content: [{ text: 'red, blue, green' }] } });
  });

  it('is cancelled by its client, and says so', async () => {
    const client = await follower(way);
    const taskId = await started(client, 'work', FOREVER);
    expect(await client.request('tasks/cancel', { taskId })).toHaveProperty('result');
    expect(await shown(client, taskId)).toMatchObject({ status: 'cancelled' });
    expect(await client.request('tasks/cancel', { taskId })).toHaveProperty('result');
  });

  it('tells those who listen how it goes', async () => {
    const client = await follower(way);
    const taskId = await started(client, 'paint');
    const statuses = () =>
      client
        .heardOf('notifications/tasks')
        .filter((task) => task['taskId'] === taskId)
        .map(({ status }) => status);
    client.begin('subscriptions/listen', { notifications: { taskIds: [taskId, 'nothing'] } });
    await expect.poll(statuses).toContain('input_required');
    await client.request('tasks/cancel', { taskId });
    await expect.poll(() => statuses().at(-1)).toBe('cancelled');
  });

  it('is none that is not there', async () => {
    const client = await follower(way);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect(codeOf(await client.request(method, { taskId: 'nothing', inputResponses: {} }))).toBe(
        'NOT_FOUND',
      );
  });

  it('is made for a client alone that follows tasks', async () => {
    const client = await house.open(way);
    expect(codeOf(await client.request('tasks/get', { taskId: 'x' }))).toBe('CAPABILITY_MISSING');
    expect(codeOf(await client.tool('work_again', { milliseconds: 0 }))).toBe('CAPABILITY_MISSING');
  });
});

describe.each(everyWay)('a tool that may be a task at $name', (way) => {
  it('answers a client that knows no tasks as any other tool', async () => {
    const client = await house.open(way);
    expect(await client.tool('work', { milliseconds: 5 })).toMatchObject({
      result: { structuredContent: { worked: 5 } },
    });
  });
});

describe.each(legacyWays)('a client at $name', (way) => {
  it('has no tasks, whatever it says that it can do', async () => {
    const client = await follower(way);
    expect(await client.tool('work_again', { milliseconds: 0 })).toMatchObject({
      error: { code: -32_021, data: { requiredCapabilities: { extensions: { [TASKS]: {} } } } },
    });
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect(codeOf(await client.request(method, { taskId: 'x' }))).toBe('METHOD_NOT_FOUND');
  });
});

describe.each(modernWays.filter(({ door }) => door !== 'stdio'))(
  'the tasks of several clients, at $name',
  (way) => {
    it('are each its own: another’s is answered for as one that is not there', async () => {
      const [owner, stranger] = [await follower(way), await follower(way)];
      const taskId = await started(owner, 'work', FOREVER);
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
        const told = async (id: string) => {
          const { error } = await stranger.request(method, { taskId: id, inputResponses: {} });
          return { ...error, data: { ...error?.data, correlation_id: undefined, taskId: undefined } };
        };
        expect(await told(taskId)).toEqual(await told('nothing'));
      }
      stranger.begin('subscriptions/listen', { notifications: { taskIds: [taskId] } });
      await expect.poll(() => stranger.heard).toHaveLength(1);
      expect(stranger.heard[0]!.params).toMatchObject({ notifications: {} });
      expect(await shown(owner, taskId)).toMatchObject({ status: 'working' });
      await owner.request('tasks/cancel', { taskId });
      await stranger.tool('speak');
      expect(stranger.heardOf('notifications/tasks')).toEqual([]);
    });

    it('outlive the connection, and may be asked for at any other door', async () => {
      const key = await house.gateway().createKey();
      const client = await house.open(way, { capabilities: FOLLOWS, key });
      const taskId = await started(client, 'paint');
      await client.close();
      for (const elsewhere of modernWays.filter(({ door }) => door !== 'stdio')) {
        const again = await house.open(elsewhere, { capabilities: FOLLOWS, key });
        await expect.poll(() => shown(again, taskId)).toMatchObject({ status: 'input_required' });
      }
      const again = await house.open(way, { capabilities: FOLLOWS, key });
      await again.request('tasks/cancel', { taskId });
    });

    it('are so many at a time and no more', async () => {
      const client = await follower(way);
      const answers = await Promise.all(Array.from({ length: 8 }, () => client.tool('work', FOREVER)));
      expect(answers.filter((one) => codeOf(one) === 'TOO_MANY_TASKS')).toHaveLength(3);
      for (const { result } of answers)
        if (result) await client.request('tasks/cancel', { taskId: result['taskId'] });
      expect(await started(client, 'work', { milliseconds: 0 })).toBeDefined();
    });
  },
);
