import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useKeyspace } from '#testing';
import type { Block, BlockRules, Subject } from '../block.ts';
import { BlockStore } from './block-store.ts';
import { MemoryBlockStore } from './memory-block-store.ts';
import { ValkeyBlockStore } from './valkey-block-store.ts';

const RULES: BlockRules = {
  most: { authentication: 3, refusal: 10 },
  windowMs: 1_500,
  durationMs: 200,
  maxDurationMs: 700,
};
const HERE: Subject = { network: '192.0.2.7' };
const MINE: Subject = { network: '192.0.2.7', principalId: 'p1' };

type Open = (rules?: Partial<BlockRules>) => BlockStore;

/** What every store of blocks is held to. */
const stores: [name: string, use: () => Open][] = [
  ['memory', () => (rules) => new MemoryBlockStore({ ...RULES, ...rules })],
  [
    'Valkey',
    () => {
      const keyspace = useKeyspace();
      return (rules) => new ValkeyBlockStore(keyspace(), { ...RULES, ...rules });
    },
  ],
];

async function offend(store: BlockStore, subject: Subject, times = 3): Promise<Block | undefined> {
  let block: Block | undefined;
  for (let time = 0; time < times; time++) block = (await store.offend(subject, 'authentication')) ?? block;
  return block;
}

const lengthOf = ({ since, until }: Block): number => Math.round((until - since) / 100) * 100;
const manual = (block: Partial<Block> = {}): Block => {
  const since = Date.now();
  return {
    ...HERE,
    kind: 'manual',
    since,
    until: since + 5_000,
    strikes: 0,
    spares: false,
    by: 'root',
    ...block,
  };
};

describe.each(stores)('the store of blocks in %s', (_, use) => {
  const open = use();

  it('blocks at the offence that is one too many, and says so once', async () => {
    const store = open();
    const answers = [];
    const before = Date.now();
    for (let time = 0; time < 5; time++) answers.push(await store.offend(HERE, 'authentication'));
    expect(answers.map(Boolean)).toEqual([false, false, true, false, false]);
    expect(answers[2]).toMatchObject({
      network: '192.0.2.7',
      kind: 'authentication',
      strikes: 1,
      spares: false,
    });
    expect(answers[2]!.since).toBeGreaterThanOrEqual(before);
    expect(answers[2]!.since).toBeLessThanOrEqual(Date.now());
    expect(lengthOf(answers[2]!)).toBe(200);
    expect((await store.changes()).blocked).toHaveLength(1);
  });

  it('counts each kind, each address and each principal apart, and as often as it is told', async () => {
    const store = open();
    await offend(store, HERE, 2);
    await offend(store, MINE, 2);
    await offend(store, { network: '192.0.2.8' }, 2);
    expect(await store.offend(HERE, 'refusal', 9)).toBeUndefined();
    expect((await store.changes()).blocked).toEqual([]);
    expect(await store.offend(MINE, 'refusal', 10)).toMatchObject({ ...MINE, kind: 'refusal' });
    expect(await store.offend(HERE, 'refusal', 1)).toMatchObject({ network: '192.0.2.7', kind: 'refusal' });
    expect((await store.changes()).blocked).toHaveLength(2);
  });

  it('forgets offences after the window', async () => {
    const store = open();
    await offend(store, HERE, 2);
    await sleep(RULES.windowMs + 30);
    expect(await offend(store, HERE, 2)).toBeUndefined();
  });

  it('blocks twice as long each time, up to a bound, and forgets that after a while', async () => {
    const store = open();
    const lengths = [];
    for (let time = 0; time < 4; time++) {
      const block = await offend(store, HERE);
      lengths.push([block!.strikes, lengthOf(block!)]);
      await sleep(block!.until - block!.since + 20);
    }
    expect(lengths).toEqual([
      [1, 200],
      [2, 400],
      [3, 700],
      [4, 700],
    ]);
    expect((await store.changes()).blocked).toEqual([]);
    await sleep(RULES.maxDurationMs + 50);
    expect((await offend(store, HERE))?.strikes).toBe(1);
  });

  it('spares good keys where one was proven', async () => {
    const store = open();
    await store.vouch('192.0.2.7');
    expect(await offend(store, HERE)).toMatchObject({ spares: true });
    expect(await offend(store, MINE)).toMatchObject({ spares: false });
    expect(await offend(store, { network: '192.0.2.8' })).toMatchObject({ spares: false });
  });

  it('lifts a block, forgives what led to it, and counts from one again', async () => {
    const store = open();
    expect(await store.lift(HERE)).toBe(false);
    await offend(store, HERE);
    expect(await store.lift(HERE)).toBe(true);
    expect(await store.lift(HERE)).toBe(false);
    expect((await store.changes()).blocked).toEqual([]);
    expect(await offend(store, HERE, 2)).toBeUndefined();
    expect(await offend(store, HERE, 1)).toMatchObject({ strikes: 1 });
  });

  it('keeps a block that was made elsewhere, unless it knows a younger one', async () => {
    const store = open();
    const first = manual();
    expect(await store.put(first)).toMatchObject({ kind: 'manual', by: 'root' });
    const older = manual({ since: first.since - 2_000, until: first.until + 50_000, by: 'other' });
    expect(await store.put(older)).toMatchObject({ by: 'root' });
    await store.put(manual({ since: Date.now() - 10, until: Date.now() - 5, by: 'late' }));
    await sleep(10);
    expect(await store.put(manual({ by: 'third' }))).toMatchObject({ by: 'third' });
    expect((await store.changes()).blocked).toMatchObject([{ by: 'third' }]);
  });

  it('goes on counting strikes from a block that was made elsewhere', async () => {
    const store = open();
    const since = Date.now();
    await store.put({ ...HERE, kind: 'authentication', since, until: since + 50, strikes: 1, spares: false });
    await sleep(80);
    expect(await offend(store, HERE)).toMatchObject({ strikes: 2 });
  });
});

describe('the changes of blocks in Valkey', () => {
  const keyspace = useKeyspace();
  const rules = { ...RULES, durationMs: 60_000, maxDurationMs: 60_000 };

  it('are told from where one was, to each replica', async () => {
    const keys = keyspace();
    const [one, other] = [new ValkeyBlockStore(keys, rules), new ValkeyBlockStore(keys, rules)];
    const start = await other.changes();
    expect(start).toMatchObject({ fresh: true, blocked: [], lifted: [] });
    await offend(one, HERE);
    const second = await other.changes(start.cursor);
    expect(second).toMatchObject({ fresh: false, blocked: [HERE], lifted: [] });
    expect(await other.changes(second.cursor)).toMatchObject({ blocked: [], lifted: [] });
    await one.lift(HERE);
    expect(await other.changes(second.cursor)).toMatchObject({ blocked: [], lifted: [HERE] });
  });

  it('do not bring back what was lifted while a replica was away', async () => {
    const keys = keyspace();
    const [one, other] = [new ValkeyBlockStore(keys, rules), new ValkeyBlockStore(keys, rules)];
    const block = (await offend(one, HERE))!;
    // Clocks are compared in milliseconds, and the one is told in the other.
    await sleep(20);
    await one.lift(HERE);
    expect(await other.put(block)).toBeUndefined();
    expect((await one.changes()).blocked).toEqual([]);
    await sleep(5);
    expect(await offend(other, HERE)).toMatchObject({ strikes: 1 });
  });

  it('begin anew where the server has lost all', async () => {
    const keys = keyspace();
    const store = new ValkeyBlockStore(keys, rules);
    await offend(store, HERE);
    const { cursor } = await store.changes();
    const names = ['until', 'about', 'changes', 'meta'];
    await keys.client.del(names.map((name) => `${keys.namespace}:{blocks}:${name}`));
    expect(await store.changes(cursor)).toMatchObject({ fresh: true, blocked: [] });
  });

  it('come whole, however many there are, and leave nothing of those that have ended', async () => {
    const keys = keyspace();
    const store = new ValkeyBlockStore(keys, {
      ...rules,
      most: { authentication: 1, refusal: 1 },
      durationMs: 400,
      maxDurationMs: 400,
    });
    const networks = Array.from({ length: 2_500 }, (_, index) => `198.18.${index >> 8}.${index & 255}`);
    const { cursor } = await store.changes();
    await Promise.all(networks.map((network) => store.put(manual({ network, until: Date.now() + 60_000 }))));
    expect((await store.changes(cursor)).blocked).toHaveLength(2_500);

    const short = new ValkeyBlockStore(keyspace(), {
      ...rules,
      most: { authentication: 1, refusal: 1 },
      durationMs: 20,
      maxDurationMs: 20,
    });
    for (const network of networks.slice(0, 50)) await short.offend({ network }, 'refusal');
    await sleep(60);
    await short.offend(HERE, 'refusal');
    expect((await short.changes()).blocked).toMatchObject([HERE]);
  });

  it('reject when the server is away', async () => {
    const store = new ValkeyBlockStore(
      { client: { evalsha: () => Promise.reject(new Error('away')) } as never, namespace: 'x' },
      rules,
    );
    await expect(store.offend(HERE, 'refusal')).rejects.toThrow('away');
    await expect(store.changes()).rejects.toThrow('away');
  });
});
