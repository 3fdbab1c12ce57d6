import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Principal } from '#call';
import { readConfig } from '#config';
import { CannotOpen, EncryptionKey, Envelope, KeyRing, type SealedRows } from '#encryption';
import type { JobQueue } from '#jobs';
import { databases, useDatabase } from '#testing';
import { elicit } from '../peer/questions.ts';
import { TaskSeal } from './task-seal.ts';
import { TaskStore, type NewTask } from './task-store.ts';
import { tasksConfig } from './tasks.config.ts';

const [ONE, OTHER] = [EncryptionKey.generate(), EncryptionKey.generate()];
const before = new Envelope(new KeyRing(ONE));
const rotated = new Envelope(new KeyRing(OTHER, [ONE]));
const stranger = new Envelope(new KeyRing(OTHER));
const [SEALING, IN_CLEAR] = [{ encryptAtRest: true }, { encryptAtRest: false }];

/** What has to be done is none of its concern. */
const queue: Pick<JobQueue, 'open' | 'add' | 'nudge'> = {
  open: async () => undefined,
  add: async () => undefined,
  nudge: () => undefined,
};
const principal: Principal = { id: 'p', name: 'Ann', role: 'service', tier: undefined, keyId: 'k' };
const order: NewTask = {
  principal,
  tool: 'work',
  callId: 'call',
  door: 'mcp',
  address: '192.0.2.1',
  capabilities: {},
  input: { letter: 'marmalade' },
  answers: { first: 'marmalade' },
  ttlMs: undefined,
};
const question = elicit('More marmalade?', { type: 'object', properties: { sure: { type: 'boolean' } } });
const DONE = { status: 'completed', outcome: '{"content":"marmalade"}', message: 'marmalade' } as const;
const NOTHING_LEFT = { previous: 0, clear: 0 };

describe.each(databases)('tasks that are sealed on $name', (kind) => {
  const database = useDatabase(kind);
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  beforeEach(() => database().kysely.deleteFrom('tasks').execute());

  const storeBy = (envelope: Envelope, config = SEALING) =>
    new TaskStore(database(), queue as JobQueue, readConfig(tasksConfig, {}), new TaskSeal(envelope, config));
  async function dump(): Promise<string> {
    const { rows } = await sql<{ line: string }>`select t::text as line from tasks t`.execute(
      database().kysely,
    );
    return rows.map(({ line }) => line).join('\n');
  }
  /** As the job does it, which is told of each column. */
  async function resealBy(envelope: Envelope) {
    const columns: SealedRows[] = [];
    new TaskSeal(envelope, SEALING).register({ register: (rows) => void columns.push(rows) }, database());
    const waiting = { ...NOTHING_LEFT };
    let failed = 0;
    for (const column of columns) {
      for (const { key, rows } of await column.counts()) {
        if (key === null) waiting.clear += rows;
        else if (key !== envelope.keyId) waiting.previous += rows;
      }
      failed += (await column.reseal(undefined, 100)).failed;
    }
    return { ...waiting, failed };
  }

  it('leave nothing to read in a dump, from their making to their end, and are read as ever', async () => {
    const store = storeBy(before);
    const { id } = await store.create(order);
    expect(await dump()).toContain(id);
    const run = (await store.begin(id))!;
    expect(run).toMatchObject({ input: order.input, answers: order.answers });
    await store.tell(run, 'cutting marmalade');
    await store.end(run, { status: 'input_required', questions: { question } });
    expect(await dump()).not.toContain('marmalade');
    expect(await store.find(id, principal)).toMatchObject({ questions: { question } });
    await store.answer(id, principal, () => ({ question: { more: 'marmalade' } }));
    const next = (await store.begin(id))!;
    expect(next.answers).toEqual({ ...order.answers, question: { more: 'marmalade' } });
    await store.end(next, DONE);
    expect(await dump()).not.toContain('marmalade');
    expect(await store.find(id, principal)).toMatchObject({
      outcome: DONE.outcome,
      statusMessage: 'marmalade',
    });
  });

  it('are sealed later, when they were made in clear, and anew after a rotation', async () => {
    const { id } = await storeBy(before, IN_CLEAR).create(order);
    const { id: ended } = await storeBy(before, IN_CLEAR).create(order);
    await storeBy(before, IN_CLEAR).cancel(ended);
    expect(await dump()).toContain('marmalade');
    // Two columns of the one, and why the other has ended.
    expect(await resealBy(before)).toEqual({ previous: 0, clear: 3, failed: 0 });
    expect(await dump()).not.toContain('marmalade');
    expect(await resealBy(rotated)).toEqual({ previous: 3, clear: 0, failed: 0 });
    expect(await resealBy(rotated)).toEqual({ ...NOTHING_LEFT, failed: 0 });
    expect(await dump()).not.toContain(ONE.id);
    expect(await storeBy(stranger).find(id, principal)).toMatchObject({ input: order.input });
  });

  it('that no key here opens are a clear fault, and keep their first try for whoever has it', async () => {
    const { id } = await storeBy(before).create(order);
    const store = storeBy(stranger);
    await expect(store.find(id, principal)).rejects.toThrow(CannotOpen);
    await expect(store.begin(id)).rejects.toMatchObject({
      cause: { message: expect.stringContaining(`tasks.input does not open: key ${ONE.id} sealed it`) },
    });
    expect(await resealBy(stranger)).toMatchObject({ failed: 2 });
    expect(await storeBy(rotated).begin(id)).toMatchObject({ run: 1, interrupted: false });
    expect(await store.cancel(id)).toBe(true);
  });

  it('do not open in the place of another one', async () => {
    const store = storeBy(before);
    const { id } = await store.create(order);
    const { id: other } = await store.create({ ...order, input: { letter: 'other' } });
    await sql`update tasks set input = (select input from tasks where id = ${id}) where id = ${other}`.execute(
      database().kysely,
    );
    await expect(store.find(other, principal)).rejects.toThrow(CannotOpen);
  });

  it('show a message that only looks sealed as it is, whatever the settings were', async () => {
    const looks = `gs1.${ONE.id}.AAAA`;
    const store = storeBy(before, IN_CLEAR);
    const { id } = await store.create(order);
    await store.tell((await store.begin(id))!, looks);
    expect(await store.find(id, principal)).toMatchObject({ statusMessage: looks });
    expect(await resealBy(rotated)).toMatchObject({ failed: 0 });
    expect(await storeBy(rotated).find(id, principal)).toMatchObject({ statusMessage: looks });
  });
});
