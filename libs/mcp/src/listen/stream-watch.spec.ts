import { describe, expect, it } from 'vitest';
import { Call, type Outcome } from '#call';
import { CredentialUnknown, GatehouseError } from '#errors';
import type { HandlerWrapper } from '../offer/handler-wrapper.ts';
import { StreamWatch } from './stream-watch.ts';

/** A watch whose pipeline says of every caller what the key says. */
function watchOver(key: { error: Error | undefined }): StreamWatch {
  const run = async (): Promise<void> => {
    if (key.error) throw key.error;
  };
  const operation = { name: 'mcp.stay', permission: 'mcp:use' } as const;
  const watch = new StreamWatch({ wrap: () => ({ operation, run }) } as unknown as HandlerWrapper);
  watch.onModuleInit();
  watch.onModuleDestroy();
  return watch;
}

function watched(watch: StreamWatch) {
  const call = new Call({ door: 'mcp', address: '127.0.0.1', authorization: 'Bearer x' });
  const seen = { ended: 0, outcomes: [] as Outcome[] };
  const record = async (_: Call, outcome: Outcome) => seen.outcomes.push(outcome);
  const unwatch = watch.watch({ call, exchange: { record }, end: () => seen.ended++ });
  return { seen, unwatch };
}

describe('the watch over open streams', () => {
  it('ends a stream whose key is good no longer, once, and leaves a record', async () => {
    const key = { error: undefined as Error | undefined };
    const watch = watchOver(key);
    const { seen } = watched(watch);
    await watch.check();
    expect(seen.ended).toBe(0);
    key.error = new CredentialUnknown();
    await watch.check();
    await watch.check();
    expect(seen).toMatchObject({ ended: 1, outcomes: [{ code: 'CREDENTIAL_UNKNOWN' }] });
  });

  it('ends none because a store is down, or because it ended by itself', async () => {
    const watch = watchOver({ error: new GatehouseError('UNAVAILABLE', 'down') });
    const { seen } = watched(watch);
    await watch.check();
    expect(seen).toEqual({ ended: 0, outcomes: [] });
    const other = watchOver({ error: new CredentialUnknown() });
    const gone = watched(other);
    gone.unwatch();
    await other.check();
    expect(gone.seen.ended).toBe(0);
  });
});
