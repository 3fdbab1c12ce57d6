import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, type Principal } from '#call';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';

const root: Principal = { id: 'root', name: 'root', role: 'admin', tier: 'enterprise', keyId: 'root' };
const START = Date.UTC(2030, 0, 1);

async function house() {
  const here = inMemoryIdentity();
  const { secret, key } = await here.keys.create({ name: 'agent', role: 'service' }, root);
  const use = async () =>
    here.verifier.verify(secret, new Call({ door: 'mcp', address: '192.0.2.1', authorization: undefined }));
  const lastUse = async () => (await here.store.get(key.id))?.lastUsedAt?.getTime();
  const touch = vi.spyOn(here.store, 'touch');
  here.usage.onModuleInit();
  return { ...here, use, lastUse, touch };
}

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

describe('the last use of a key', () => {
  it('is written behind, once a minute at most', async () => {
    const { use, lastUse, touch } = await house();
    for (let second = 0; second < 180; second++) {
      await use();
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(touch.mock.calls.length).toBeLessThanOrEqual(3);
    expect(await lastUse()).toBeGreaterThanOrEqual(START + 60_000);
  });

  it('is written at the shutdown, and the clock stops', async () => {
    const { use, usage, lastUse } = await house();
    await use();
    expect(await lastUse()).toBeUndefined();
    await usage.beforeApplicationShutdown();
    expect(await lastUse()).toBe(START);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for the next time when it could not be written', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const { use, usage, lastUse, touch } = await house();
    touch.mockRejectedValueOnce(new Error('no database'));
    await use();
    await usage.flush();
    expect(await lastUse()).toBeUndefined();
    expect(warn).toHaveBeenCalledOnce();
    await usage.flush();
    expect(await lastUse()).toBe(START);
  });

  it('costs nothing when no key was used', async () => {
    const { touch } = await house();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(touch).not.toHaveBeenCalled();
  });
});
