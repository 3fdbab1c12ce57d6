import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { openValkey, useKeyspace, useValkey } from '#testing';
import type { StateConnection } from '#valkey';
import { MemorySessionStore } from './memory-session-store.ts';
import type { SessionState, SessionStore } from './session-store.ts';
import { SharedSessionStore } from './shared-session-store.ts';
import { ValkeySessionStore } from './valkey-session-store.ts';

const TIMEOUT_MS = 1_000;

/** What every store of sessions is held to. */
const bounds = { timeoutMs: TIMEOUT_MS, perClient: 2, total: 4 };
const stores: [string, () => () => SessionStore][] = [
  ['memory', () => () => new MemorySessionStore(bounds)],
  [
    'Valkey',
    () => {
      const keyspace = useKeyspace();
      return () => new ValkeySessionStore({ ...bounds, connection: keyspace() });
    },
  ],
  [
    'Valkey, with a copy in memory',
    () => {
      const keyspace = useKeyspace();
      return () =>
        new SharedSessionStore(
          new ValkeySessionStore({ ...bounds, connection: keyspace() }),
          new MemorySessionStore(bounds),
        );
    },
  ],
];

function session(id: string, principalId = 'p1'): SessionState {
  return { id, principalId, revision: '2025-11-25', capabilities: {}, subscriptions: [] };
}

describe.each(stores)('the store of sessions in %s', (_, use) => {
  const open = use();

  it('finds what it was given, and what changed of it', async () => {
    const store = open();
    await store.add(session('a'));
    await store.change('a', { logLevel: 'info', subscriptions: ['x://y'] });
    await store.change('nobody', { logLevel: 'info' });
    expect(await store.find('a')).toEqual({ ...session('a'), logLevel: 'info', subscriptions: ['x://y'] });
    expect(await store.find('nobody')).toBeUndefined();
    expect(await store.find('__proto__')).toBeUndefined();
  });

  it('forgets what is removed', async () => {
    const store = open();
    await store.add(session('a'));
    await store.remove('a');
    await store.remove('a');
    expect(await store.find('a')).toBeUndefined();
  });

  it('ends the session of a client that rested longest, when it has one too many', async () => {
    const store = open();
    for (const id of ['a', 'b']) expect(await store.add(session(id))).toBeUndefined();
    await store.add(session('z', 'p2'));
    await sleep(2);
    await store.find('a');
    expect(await store.add(session('c'))).toBe('b');
    expect(await Promise.all(['a', 'b', 'c', 'z'].map(async (id) => (await store.find(id))?.id))).toEqual([
      'a',
      undefined,
      'c',
      'z',
    ]);
  });

  it('ends the session of all clients that rested longest, when there is one too many', async () => {
    const store = open();
    for (const id of ['a', 'b', 'c', 'd']) expect(await store.add(session(id, `of ${id}`))).toBeUndefined();
    await store.find('a');
    expect(await store.add(session('e', 'of e'))).toBe('b');
    expect(await store.find('b')).toBeUndefined();
    expect(await store.add(session('f', 'of e'))).toBe('c');
    expect(await store.add(session('g', 'of e'))).toBe('e');
    const left = await Promise.all(['a', 'd', 'f', 'g'].map(async (id) => (await store.find(id))?.id));
    expect(left).toEqual(['a', 'd', 'f', 'g']);
  });

  it('ends what was not used for too long', async () => {
    const store = open();
    await store.add(session('a'));
    await store.add(session('b'));
    await sleep(TIMEOUT_MS / 2);
    await store.find('b');
    await sleep(TIMEOUT_MS / 2 + 20);
    expect(await store.find('a')).toBeUndefined();
    expect(await store.expire()).toEqual(['a']);
    expect((await store.find('b'))?.id).toBe('b');
  });
});

function begunAlone(): { store: SessionStore; begin: (id: string) => Promise<string | undefined> } {
  const shared = new MemorySessionStore(bounds);
  const store = new SharedSessionStore(shared, new MemorySessionStore(bounds));
  const begin = async (id: string) => {
    vi.spyOn(shared, 'add').mockImplementationOnce(() => {
      throw new Error('away');
    });
    return store.add(session(id));
  };
  return { store, begin };
}

describe('a session that was begun while the shared store was away', () => {
  it('is told to have ended when its time is up, also once that store is back', async () => {
    const { store, begin } = begunAlone();
    await begin('alone');
    expect(await store.expire()).toEqual([]);
    await sleep(TIMEOUT_MS + 20);
    expect(await store.expire()).toEqual(['alone']);
  });

  it('is told to have ended when it makes room for one that is begun in that store', async () => {
    const { store, begin } = begunAlone();
    await begin('a');
    await begin('b');
    expect(await store.add(session('c'))).toBe('a');
    expect(await store.find('a')).toBeUndefined();
  });
});

describe('a session of two replicas', () => {
  const valkey = useValkey();
  const state = session('shared');

  async function replica(connections: StateConnection[]) {
    const connection = await openValkey({
      VALKEY_URL: valkey().url,
      VALKEY_COMMAND_TIMEOUT_MS: '200',
      VALKEY_RETRY_MAX_MS: '100',
    });
    connections.push(connection);
    const long = { timeoutMs: 60_000, perClient: 2, total: 10 };
    return new SharedSessionStore(
      new ValkeySessionStore({ ...long, connection }),
      new MemorySessionStore(long),
    );
  }

  it('is one, goes on on each while Valkey is away, and is told to it afterwards', async () => {
    const connections: StateConnection[] = [];
    try {
      const [one, two] = [await replica(connections), await replica(connections)];
      await one.add(state);
      expect(await two.find('shared')).toEqual(state);
      await two.change('shared', { logLevel: 'info' });
      expect(await one.find('shared')).toMatchObject({ logLevel: 'info' });

      valkey().freeze();
      expect(await one.find('shared')).toMatchObject({ logLevel: 'info' });
      expect(await two.find('shared')).toMatchObject({ logLevel: 'info' });
      await one.add(session('alone', 'p2'));
      expect(await one.find('alone')).toMatchObject({ id: 'alone' });
      expect(await two.find('alone')).toBeUndefined();
      valkey().thaw();
      await expect.poll(() => connections.every(({ up }) => up), { timeout: 20_000 }).toBe(true);
      expect(await one.find('alone')).toMatchObject({ id: 'alone' });
      expect(await two.find('alone')).toMatchObject({ id: 'alone' });

      await two.remove('shared');
      expect(await one.find('shared')).toBeUndefined();
      expect(await one.expire()).toEqual(['shared']);
    } finally {
      for (const connection of connections) connection.close();
    }
  });

  it('ends when its client has too many, wherever they were begun', async () => {
    const connections: StateConnection[] = [];
    try {
      const [one, two] = [await replica(connections), await replica(connections)];
      await one.add(session('a', 'p3'));
      await sleep(5);
      await two.add(session('b', 'p3'));
      await sleep(5);
      expect(await one.add(session('c', 'p3'))).toBe('a');
      expect(await two.find('a')).toBeUndefined();
      expect(await two.find('c')).toMatchObject({ id: 'c' });
    } finally {
      for (const connection of connections) connection.close();
    }
  });
});
