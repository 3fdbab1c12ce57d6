import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Call, type Principal } from '#call';
import { CredentialUnknown } from '#errors';
import { openValkey, useValkey } from '#testing';
import type { StateConnection } from '#valkey';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';
import { MemoryKeyStore } from './testing/memory-key-store.ts';
import { ValkeyKeyNews } from './valkey-key-news.ts';

const root: Principal = { id: 'root', name: 'root', role: 'admin', tier: 'enterprise', keyId: 'root' };
const SOON = { timeout: 900, interval: 5 };

const call = () => new Call({ door: 'rest', address: '192.0.2.1', authorization: undefined });

describe('a key that is revoked on another replica', () => {
  const valkey = useValkey();
  const connections: StateConnection[] = [];
  const store = new MemoryKeyStore();
  let made = 0;

  async function replica() {
    const connection = await openValkey({ VALKEY_URL: valkey().url, VALKEY_RETRY_MAX_MS: '100' });
    connections.push(connection);
    return inMemoryIdentity({}, store, new ValkeyKeyNews(connection));
  }
  let here: Awaited<ReturnType<typeof replica>>;
  let there: Awaited<ReturnType<typeof replica>>;
  beforeAll(async () => {
    [here, there] = [await replica(), await replica()];
  });
  afterAll(() => connections.forEach((connection) => connection.close()));

  async function expectListening(replicas: number): Promise<void> {
    const channel = 'gatehouse:keys:changed';
    await expect
      .poll(async () => ((await valkey().command('PUBSUB', 'NUMSUB', channel)) as unknown[])[1], {
        timeout: 5_000,
      })
      .toBe(replicas);
  }

  /** The other replica refuses it, which has just let it in. */
  async function expectRevokedThere(): Promise<void> {
    const { secret, key } = await there.keys.create({ name: `agent ${++made}`, role: 'service' }, root);
    expect(await here.verifier.verify(secret, call())).toMatchObject({ keyId: key.id });
    await there.keys.revoke(key.id, { force: true }, root);
    // Asked without a pause, it would be let in for half a second yet.
    await expect
      .poll(async () => {
        try {
          return await here.verifier.verify(secret, call());
        } catch (error) {
          return error;
        }
      }, SOON)
      .toBeInstanceOf(CredentialUnknown);
  }

  it('is refused here at once', async () => {
    await expectListening(2);
    await expectRevokedThere();
    await expectRevokedThere();
  });

  it('is refused at once again after an outage', async () => {
    await valkey().kill();
    await valkey().restart();
    await expectListening(2);
    await expect.poll(() => connections.every(({ up }) => up), { timeout: 20_000 }).toBe(true);
    await expectRevokedThere();
  });
});
