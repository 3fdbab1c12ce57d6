import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { ReportModule } from './fixtures/report.module.ts';
import { TasksModule } from './fixtures/tasks.module.ts';
import { journalOf, type AuditRecord } from './support/audit-records.ts';
import { Document } from './support/documents.ts';
import { LEGACY, type Answer } from './support/gateway-client.ts';
import { useGateway } from './support/gateway.ts';
import { ROOT } from './support/root.ts';
import { TaskClient } from './support/task-client.ts';

const CAP = 3;
const SECRET = 'sk-abcdefghijklmnopqrstuvwxyz0123456789';

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

async function eventually(check: () => Promise<void> | void): Promise<void> {
  const limit = Date.now() + 30_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > limit) throw error;
      await sleep(50);
    }
  }
}

/** An answer without what is different each time. */
function comparable({ status, body }: Answer): unknown {
  return JSON.parse(
    JSON.stringify({ status, body }, (key, value: unknown) =>
      key === 'correlation_id' || key === 'id' ? undefined : value,
    ),
  );
}

function codeOf({ body }: Answer): string | undefined {
  return (body as { error?: { data?: { code?: string } } }).error?.data?.code;
}

/** What a subscription to tasks says within a while. */
async function listened(
  { client, key }: TaskClient,
  taskIds: string[],
): Promise<{ method: string; params: Record<string, unknown> }[]> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
  };
  const abort = new AbortController();
  const response = await fetch(new URL('/mcp', client.url), {
    method: 'POST',
    signal: abort.signal,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { notifications: { taskIds }, _meta: meta },
    }),
  });
  let text = '';
  setTimeout(() => abort.abort(), 1500);
  try {
    for await (const chunk of response.body!) text += Buffer.from(chunk as Uint8Array).toString();
  } catch {
    // It was listened to for long enough.
  }
  return [...text.matchAll(/^data: (.+)$/gm)].map(
    ([, data]) => JSON.parse(data!) as { method: string; params: Record<string, unknown> },
  );
}

function inColour(colour: unknown): object {
  return { action: 'accept', content: { colour } };
}

describe.each(databases)('tasks on $name', (kind) => {
  const env = { MAX_TASKS_PER_CLIENT: String(CAP), TASK_CONCURRENCY: '2', TASK_DRAIN_MS: '0' };
  const booted = useGateway(kind, { env, features: [TasksModule, ReportModule] });
  let diaries = 0;

  const newClient = async () => new TaskClient(booted().client, await booted().createKey());
  const diary = () => join(booted().dataDir, `diary-${++diaries}`);
  const records = async (): Promise<AuditRecord[]> =>
    journalOf(booted().gateway.app.get(Database), booted().dataDir);
  const row = (id: string) =>
    booted()
      .gateway.app.get(Database)
      .kysely.selectFrom('tasks')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();

  it('keeps no more of what its client can do than anyone needs to say', async () => {
    const { client, key } = await newClient();
    const capabilities = {
      extensions: { 'io.modelcontextprotocol/tasks': {} },
      experimental: { filler: 'x'.repeat(20_000) },
    };
    const meta = { 'io.modelcontextprotocol/clientCapabilities': capabilities };
    const params = { name: 'work', arguments: { milliseconds: 0 }, _meta: meta };
    expect((await client.rpc('tools/call', params, { key })).body).toMatchObject({
      result: { isError: true, _meta: { 'gatehouse/error': { code: 'INVALID_INPUT' } } },
    });
  });

  it('runs a call as a task, and keeps its result', async () => {
    const client = await newClient();
    const answer = await client.call('work', { milliseconds: 100 });
    const { result } = answer.body as { result: Record<string, unknown> };
    expect(result).toMatchObject({
      resultType: 'task',
      status: 'working',
      ttlMs: 3_600_000,
      pollIntervalMs: 2000,
    });
    const task = await client.ended(result['taskId'] as string);
    expect(task).toMatchObject({ status: 'completed', result: { structuredContent: { worked: 100 } } });
    expect(await client.get(task.taskId)).toEqual(task);
  });

  it('leaves a record of the run beside that of the call, each knowing the task', async () => {
    const client = await newClient();
    const answer = await client.call('work', { milliseconds: 10 });
    const { taskId } = (answer.body as { result: { taskId: string } }).result;
    await client.ended(taskId);
    const called = await booted().recordOf(answer);
    const run = (await records()).find(
      ({ notes }) =>
        (notes as Record<string, unknown> | undefined)?.['created_by'] === called?.correlation_id,
    );
    expect(called).toMatchObject({ result: 'allowed', operation: 'work', notes: { task: taskId } });
    expect(run).toMatchObject({
      result: 'allowed',
      operation: 'work',
      target: 'work',
      notes: { task: taskId, run: 1 },
    });
    expect(run!['principal']).toEqual(called!['principal']);
    expect(run!['elapsed_ms']).toBeGreaterThanOrEqual(10);
  });

  it('keeps no arguments of a task that has ended, and no secret of its result', async () => {
    const client = await newClient();
    const id = await client.start('work', { milliseconds: 300, secret: SECRET });
    const working = await client.until(id, ({ statusMessage }) => statusMessage !== undefined);
    expect(working.statusMessage).toMatch(/^at work with (?!sk-abc)/);
    await client.ended(id);
    const kept = await row(id);
    expect(kept).toMatchObject({ input: null, answers: null, status: 'completed' });
    expect(JSON.stringify(kept)).not.toContain(SECRET);
  });

  it('answers for the task of another as for one that is not there', async () => {
    const [owner, stranger] = [await newClient(), await newClient()];
    const id = await owner.start('work', { milliseconds: 60_000 });
    for (const method of ['get', 'update', 'cancel'] as const) {
      const foreign = await stranger.ask(method, id, { inputResponses: {} });
      const unknown = await stranger.ask(method, 'nothing', { inputResponses: {} });
      expect(comparable(foreign)).toEqual(comparable(unknown));
      expect(codeOf(foreign)).toBe('NOT_FOUND');
    }
    expect((await owner.get(id)).status).toBe('working');
    await owner.ask('cancel', id);
  });

  it('cancels: the handler is told, and the task says so', async () => {
    const client = await newClient();
    const file = diary();
    const id = await client.start('work', { milliseconds: 60_000, diary: file });
    await eventually(() => expect(lines(file)).toEqual(['begun']));
    const answer = await client.ask('cancel', id);
    expect(answer.body).toMatchObject({ result: { resultType: 'complete' } });
    expect((await client.get(id)).status).toBe('cancelled');
    await eventually(() => expect(lines(file)).toEqual(['begun', 'stopped']));
    await eventually(async () => {
      const own = (await records()).filter(
        ({ notes }) => (notes as { task?: string } | undefined)?.task === id,
      );
      expect(own).toContainEqual(expect.objectContaining({ code: 'CANCELLED', operation: 'work' }));
    });
    expect((await client.ask('cancel', id)).status).toBe(200);
  });

  it('lets a client have so many at a time and no more, however fast it asks', async () => {
    const [greedy, other] = [await newClient(), await newClient()];
    const input = { milliseconds: 60_000 };
    const answers = await Promise.all(Array.from({ length: 2 * CAP }, () => greedy.call('work', input)));
    const refused = answers.filter((answer) => codeOf(answer) === 'TOO_MANY_TASKS');
    expect(refused).toHaveLength(CAP);
    expect(refused[0]!.status).toBe(429);
    const id = await other.start('work', { milliseconds: 0 });
    for (const { body } of answers) {
      const taskId = (body as { result?: { taskId: string } }).result?.taskId;
      if (taskId) await greedy.ask('cancel', taskId);
    }
    expect((await other.ended(id)).status).toBe('completed');
    expect((await greedy.ended(await greedy.start('work', { milliseconds: 0 }))).status).toBe('completed');
  });

  it('forgets a task when its time is up, and stops what still runs', async () => {
    const client = await newClient();
    const file = diary();
    const running = await client.start('work_briefly', { milliseconds: 60_000, diary: file });
    const done = await client.start('work_briefly', { milliseconds: 0 });
    expect((await client.ended(done)).ttlMs).toBe(1500);
    await sleep(1600);
    for (const id of [running, done]) expect(codeOf(await client.ask('get', id))).toBe('NOT_FOUND');
    await eventually(() => expect(lines(file)).toEqual(['begun', 'stopped']));
  });

  it('does not run what was asked for with a key that is revoked by now', async () => {
    const { client, createKey, gateway } = booted();
    const name = `doomed ${kind.name}`;
    const made = await client.rest('/admin/keys', { body: { name, role: 'service' } });
    const { key, id: keyId } = made.body as { key: string; id: string };
    const busy = new TaskClient(client, await createKey());
    const before = [
      await busy.start('work', { milliseconds: 60_000 }),
      await busy.start('work', { milliseconds: 60_000 }),
    ];
    const file = diary();
    const doomed = await new TaskClient(client, key).start('work', { milliseconds: 0, diary: file });
    const revoked = await client.rest(`/admin/keys/${keyId}`, { method: 'DELETE' });
    expect(revoked.status).toBeLessThan(300);
    for (const id of before) await busy.ask('cancel', id);
    await eventually(async () => {
      const { status, outcome } = await row(doomed);
      expect([status, JSON.parse(outcome ?? '{}')]).toMatchObject([
        'failed',
        { data: { code: 'CREDENTIAL_UNKNOWN' } },
      ]);
    });
    expect(lines(file)).toEqual([]);
    const all = await journalOf(gateway.app.get(Database), booted().dataDir);
    expect(all).toContainEqual(
      expect.objectContaining({
        code: 'CREDENTIAL_UNKNOWN',
        operation: 'work',
        principal: expect.objectContaining({ name }) as unknown,
        notes: expect.objectContaining({ task: doomed }) as unknown,
      }),
    );
  });

  it('waits for its client as often as it has to ask', async () => {
    const client = await newClient();
    const id = await client.start('paint');
    const asked = await client.until(id, ({ status }) => status === 'input_required');
    expect(Object.keys(asked.inputRequests!)).toEqual(['wall', 'door']);
    const wrong = await client.ask('update', id, { inputResponses: { wall: inColour(7) } });
    expect(codeOf(wrong)).toBe('INVALID_INPUT');
    await client.ask('update', id, { inputResponses: { wall: inColour('red'), roof: inColour('early') } });
    expect(Object.keys((await client.get(id)).inputRequests!)).toEqual(['door']);
    await client.ask('update', id, { inputResponses: { door: inColour('blue'), wall: inColour('late') } });
    const again = await client.until(id, ({ inputRequests }) => inputRequests?.['roof'] !== undefined);
    expect(Object.keys(again.inputRequests!)).toEqual(['roof']);
    await client.ask('update', id, { inputResponses: { roof: inColour('green') } });
    expect((await client.ended(id)).result?.content[0]?.text).toBe('red, blue, green');
  });

  it('leaves it to the handler whether a call becomes one', async () => {
    const client = await newClient();
    const quick = await client.call('decide', { milliseconds: 0 });
    expect(quick.body).toMatchObject({ result: { resultType: 'complete', content: [{ text: 'at once' }] } });
    const slow = await client.ended(await client.start('decide', { milliseconds: 10 }));
    expect(slow.result?.structuredContent).toEqual({ worked: 10 });
  });

  it('tells those who listen, of their own tasks alone', async () => {
    const [owner, stranger] = [await newClient(), await newClient()];
    const id = await owner.start('paint');
    const said = async (client: TaskClient) => {
      const answer = await listened(client, [id]);
      return answer.filter(({ method }) => method === 'notifications/tasks').map(({ params }) => params);
    };
    await owner.until(id, ({ status }) => status === 'input_required');
    expect(await said(owner)).toContainEqual(
      expect.objectContaining({
        taskId: id,
        status: 'input_required',
        inputRequests: expect.anything() as unknown,
      }),
    );
    expect(await said(stranger)).toEqual([]);
    await owner.ask('cancel', id);
  });

  it('is an ordinary call for a client that knows no tasks, or a refusal where it has to be one', async () => {
    const { client } = booted();
    const input = { milliseconds: 0 };
    for (const revision of ['2026-07-28', LEGACY]) {
      const answer = await client.tool('work', input, { revision });
      expect(answer.body).toMatchObject({ result: { structuredContent: { worked: 0 } } });
      const refused = await client.tool('work_again', input, { revision });
      expect(refused.body).toMatchObject({
        error: {
          code: -32021,
          data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
        },
      });
    }
    expect(codeOf(await client.rpc('tasks/get', { taskId: 'x' }))).toBe('CAPABILITY_MISSING');
    expect(codeOf(await client.rpc('tasks/get', { taskId: 'x' }, { revision: LEGACY }))).toBe(
      'METHOD_NOT_FOUND',
    );
  });

  it('runs the example of docs/tasks.md', async () => {
    const example = readFileSync(join(ROOT, 'test/fixtures/report.module.ts'), 'utf8');
    expect(new Document('docs/tasks.md').blocks('ts')).toEqual([example]);
    const client = await newClient();
    const written = await client.ended(await client.start('write_report', { pages: 3 }));
    expect(written).toMatchObject({ status: 'completed', result: { structuredContent: { pages: 3 } } });
    const id = await client.start('print_report');
    await client.until(id, ({ status }) => status === 'input_required');
    const sure = { action: 'accept', content: { print: true } };
    await client.ask('update', id, { inputResponses: { sure } });
    expect((await client.ended(id)).result?.content[0]?.text).toBe('printed');
  });

  it('refuses a task to whoever may not use the tool', async () => {
    const auditor = new TaskClient(booted().client, await booted().createKey({ role: 'auditor' }));
    const answer = await auditor.call('work', { milliseconds: 0 });
    expect((answer.body as { result?: unknown }).result).toBeUndefined();
  });
});
