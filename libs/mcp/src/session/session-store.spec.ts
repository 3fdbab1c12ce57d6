import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MemorySessionStore } from './memory-session-store.ts';
import type { SessionState, SessionStore } from './session-store.ts';

const TIMEOUT_MS = 200;

/** What every store of sessions is held to. */
const stores: [string, () => SessionStore][] = [
  ['memory', () => new MemorySessionStore({ timeoutMs: TIMEOUT_MS, perClient: 2, total: 4 })],
];

function session(id: string, principalId = 'p1'): SessionState {
  return { id, principalId, revision: '2025-11-25', capabilities: {}, subscriptions: [] };
}

describe.each(stores)('the store of sessions in %s', (_, open) => {
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
