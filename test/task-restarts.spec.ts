import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { databases, scratchFolder, type DatabaseKind, type TestDatabase } from '#testing';
import { GatewayProcess } from './support/gateway-process.ts';
import { ADMIN_KEY } from './support/gateway.ts';
import { TaskClient } from './support/task-client.ts';

const PROGRAM = 'test/fixtures/task-gateway.js';
const TIMEOUT_MS = 180_000;
const LONG = 600_000;

/** One database, and the processes that come and go on it. */
class Place implements AsyncDisposable {
  readonly #processes: GatewayProcess[] = [];

  private constructor(readonly database: TestDatabase) {}

  static async open(kind: DatabaseKind): Promise<Place> {
    return new Place(await kind.create());
  }

  async start(env: Record<string, string> = {}): Promise<{ process: GatewayProcess; client: TaskClient }> {
    const settings = { LOG_LEVEL: 'fatal', GATEHOUSE_API_KEY: ADMIN_KEY, JOB_LEASE_SECONDS: '10' };
    const process = await GatewayProcess.start({ ...settings, ...this.database.env, ...env }, PROGRAM);
    this.#processes.push(process);
    return { process, client: new TaskClient(process.client) };
  }

  diary(name: string): { file: string; lines: () => string[]; says: (line: string) => Promise<void> } {
    const file = join(this.database.env['DATA_DIR']!, `diary-${name}`);
    const lines = (): string[] => {
      try {
        return readFileSync(file, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    };
    const says = async (line: string): Promise<void> => {
      const limit = Date.now() + 60_000;
      while (!lines().includes(line)) {
        if (Date.now() > limit) throw new Error(`Only ${lines().join(', ')}`);
        await sleep(20);
      }
    };
    return { file, lines, says };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop('SIGKILL')));
    await this.database.remove();
  }
}

describe.each(databases)('tasks whose process ends, on $name', { timeout: TIMEOUT_MS }, (kind) => {
  it('are run again when that does no harm, else end as failed, when it was killed', async () => {
    await using place = await Place.open(kind);
    const first = await place.start({ TASK_CONCURRENCY: '2' });
    const [once, again, waiting] = [place.diary('once'), place.diary('again'), place.diary('waiting')];
    const done = await first.client.start('work', { milliseconds: 0 });
    const result = await first.client.ended(done);
    const asking = await first.client.start('paint');
    await first.client.until(asking, ({ status }) => status === 'input_required');
    const unsafe = await first.client.start('work', { milliseconds: LONG, diary: once.file });
    const safe = await first.client.start('work_again', { milliseconds: 2000, diary: again.file });
    await Promise.all([once.says('begun'), again.says('begun')]);
    const queued = await first.client.start('work', { milliseconds: 0, diary: waiting.file });
    await first.process.stop('SIGKILL');
    expect(waiting.lines()).toEqual([]);

    const { client } = await place.start({ TASK_CONCURRENCY: '2' });
    expect(await client.get(done)).toEqual(result);
    expect((await client.get(asking)).status).toBe('input_required');
    expect(await client.ended(unsafe)).toMatchObject({
      status: 'failed',
      error: { code: -31510, data: { code: 'TASK_INTERRUPTED' } },
    });
    expect((await client.ended(safe)).status).toBe('completed');
    expect((await client.ended(queued)).status).toBe('completed');
    expect(once.lines()).toEqual(['begun']);
    expect(again.lines()).toEqual(['begun', 'begun', 'done']);
    expect(waiting.lines()).toEqual(['begun', 'done']);
    // What its client was asked before the end of the process is answered after it.
    const answer = { action: 'accept', content: { colour: 'red' } };
    await client.ask('update', asking, { inputResponses: { wall: answer, door: answer } });
    await client.until(asking, ({ inputRequests }) => inputRequests?.['roof'] !== undefined);
  });

  it('get time to end when it is told to stop, and then the same', async () => {
    await using place = await Place.open(kind);
    const first = await place.start({ TASK_DRAIN_MS: '2000' });
    const [short, once, again] = [place.diary('short'), place.diary('once'), place.diary('again')];
    const finishing = await first.client.start('work', { milliseconds: 1000, diary: short.file });
    const unsafe = await first.client.start('work', { milliseconds: LONG, diary: once.file });
    const safe = await first.client.start('work_again', { milliseconds: 4000, diary: again.file });
    await Promise.all([short, once, again].map(({ says }) => says('begun')));
    expect(await first.process.stop('SIGTERM')).toBe(0);
    expect(short.lines()).toEqual(['begun', 'done']);
    expect(once.lines()).toEqual(['begun', 'stopped']);

    const { client } = await place.start();
    expect((await client.get(finishing)).status).toBe('completed');
    expect((await client.get(unsafe)).error?.data.code).toBe('TASK_INTERRUPTED');
    expect((await client.ended(safe)).status).toBe('completed');
    expect(again.lines()).toEqual(['begun', 'stopped', 'begun', 'done']);
  });
});

describe('tasks of two processes, on PostgreSQL', { timeout: TIMEOUT_MS }, () => {
  it('can be followed and cancelled at either', async () => {
    await using place = await Place.open(databases[1]!);
    await using folder = await scratchFolder();
    const [one, other] = [await place.start(), await place.start({ DATA_DIR: folder.path })];
    const diary = place.diary('work');
    const id = await one.client.start('work', { milliseconds: LONG, diary: diary.file });
    await diary.says('begun');
    expect((await other.client.get(id)).status).toBe('working');
    for (const { client } of [one, other]) {
      const task = await client.start('work', { milliseconds: 100 });
      expect((await other.client.ended(task)).status).toBe('completed');
    }
    await other.client.ask('cancel', id);
    await diary.says('stopped');
    expect((await one.client.get(id)).status).toBe('cancelled');
  });
});
