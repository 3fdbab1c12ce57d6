import { setTimeout as sleep } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { ConfigModule } from '#config';
import { openValkey, useKeyspace, useValkey } from '#testing';
import { ValkeyModule } from '#valkey';
import { MemoryNonceStore } from './memory-nonce-store.ts';
import { NonceStore, type Nonce } from './nonce-store.ts';
import { NoncesModule } from './nonces.module.ts';
import { ValkeyNonceStore } from './valkey-nonce-store.ts';

const nonce = (value: string, more: Partial<Nonce> = {}): Nonce => ({
  sender: 'ana',
  value,
  keepMs: 60_000,
  ...more,
});

/** What every store of nonces is held to. */
const stores: [name: string, use: () => () => NonceStore][] = [
  ['memory', () => () => new MemoryNonceStore()],
  [
    'Valkey',
    () => {
      const keyspace = useKeyspace();
      return () => new ValkeyNonceStore(keyspace());
    },
  ],
];

describe.each(stores)('the store of nonces in %s', (_, use) => {
  const open = use();

  it('lets each through once, also of a thousand at once', async () => {
    const store = open();
    expect(await store.use(nonce('a'))).toBe(true);
    expect(await store.use(nonce('a'))).toBe(false);
    expect(await store.use(nonce('b'))).toBe(true);
    const answers = await Promise.all(Array.from({ length: 1_000 }, async () => store.use(nonce('c'))));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('tells senders apart, however names and values are cut', async () => {
    const store = open();
    const pairs = [
      ['ana', 'x'],
      ['ben', 'x'],
      ['an', 'ax'],
      ['', 'anax'],
      ['__proto__', 'x'],
      ['ana', ''],
    ] as const;
    for (const [sender, value] of pairs) expect(await store.use(nonce(value, { sender }))).toBe(true);
    for (const [sender, value] of pairs) expect(await store.use(nonce(value, { sender }))).toBe(false);
  });

  it('remembers one for its time, and no longer', async () => {
    const store = open();
    await store.use(nonce('a', { keepMs: 1_000 }));
    await store.use(nonce('long'));
    await sleep(100);
    expect(await store.use(nonce('a', { keepMs: 1_000 }))).toBe(false);
    await sleep(920);
    expect(await store.use(nonce('a', { keepMs: 1_000 }))).toBe(true);
    expect(await store.use(nonce('long'))).toBe(false);
  });

  it('takes a long one for what it is', async () => {
    const store = open();
    expect(await store.use(nonce('n'.repeat(10_000)))).toBe(true);
    expect(await store.use(nonce(`${'n'.repeat(9_999)}m`))).toBe(true);
    expect(await store.use(nonce('n'.repeat(10_000)))).toBe(false);
  });
});

describe('MemoryNonceStore', () => {
  it('refuses when it is full, rather than forget one before its time', () => {
    let now = 0;
    const store = new MemoryNonceStore({ maxNonces: 10, clock: () => now });
    for (let n = 0; n < 10; n++)
      expect(store.use(nonce(String(n), { keepMs: n === 0 ? 5_000 : 1_000 }))).toBe(true);
    expect(() => store.use(nonce('more'))).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    expect(store.use(nonce('3'))).toBe(false);
    now = 1_000;
    expect(store.use(nonce('more'))).toBe(true);
    expect(store.use(nonce('0'))).toBe(false);
    expect(store.size).toBe(2);
  });

  it('gives back the room of those that are over', () => {
    let now = 0;
    const store = new MemoryNonceStore({ clock: () => now });
    for (let n = 0; n < 10_000; n++) {
      now++;
      store.use(nonce(String(n), { keepMs: 100 }));
    }
    expect(store.size).toBeLessThanOrEqual(101);
  });
});

describe('the nonces of two replicas', () => {
  const valkey = useValkey();

  it('are one, and none is let through while Valkey is away', async () => {
    const env = { VALKEY_URL: valkey().url, VALKEY_COMMAND_TIMEOUT_MS: '200', VALKEY_RETRY_MAX_MS: '100' };
    const [here, there] = [await openValkey(env), await openValkey(env)];
    try {
      const [one, two] = [new ValkeyNonceStore(here), new ValkeyNonceStore(there)];
      expect([await one.use(nonce('a')), await two.use(nonce('a'))]).toEqual([true, false]);
      valkey().freeze();
      await expect(one.use(nonce('b'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      valkey().thaw();
      await valkey().kill();
      await expect(two.use(nonce('c'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await valkey().restart();
      await expect.poll(() => here.up, { timeout: 20_000 }).toBe(true);
      expect(await one.use(nonce('d'))).toBe(true);
    } finally {
      here.close();
      there.close();
    }
  });
});

describe('NoncesModule', () => {
  const valkey = useValkey();

  it.each([
    ['memory', () => ({}), MemoryNonceStore],
    ['Valkey', () => ({ VALKEY_URL: valkey().url }), ValkeyNonceStore],
  ])('remembers in %s where that is what there is', async (_, env, type) => {
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(env()), ValkeyModule, NoncesModule],
    }).compile();
    expect(module.get(NonceStore)).toBeInstanceOf(type);
    await module.close();
  });
});
