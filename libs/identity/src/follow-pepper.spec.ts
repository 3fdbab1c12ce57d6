import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Call } from '#call';
import { ConfigError, readConfig } from '#config';
import { RotatingValue } from '#secrets';
import { databases, useOpenDatabase } from '#testing';
import { ConfiguredAdmin } from './configured-admin.ts';
import { followPepper } from './follow-pepper.ts';
import { identityConfig } from './identity.config.ts';
import { openPepper } from './open-pepper.ts';
import { Pepper } from './pepper.ts';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';

const [ONE, TWO, THREE] = ['one', 'two', 'three'].map(
  (word) => `${word}-pepper-of-thirty-two-characters`,
) as [string, string, string];
const call = () => new Call({ door: 'rest', address: '192.0.2.1', authorization: undefined });

describe('a pepper that rotates', () => {
  const opened = useOpenDatabase(databases[0]!);
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  beforeEach(async () => {
    await opened().database.kysely.deleteFrom('api_key_pepper').execute();
  });

  const start = (current: string, previous?: string) =>
    openPepper(
      readConfig(identityConfig, {
        API_KEY_PEPPER: current,
        ...(previous !== undefined && { API_KEY_PREVIOUS_PEPPER: previous }),
      }),
      opened().database,
      opened().folder,
    );

  /** A process that runs, and how it is offered another pepper: it answers why that is not used. */
  async function running(current: string) {
    const pepper = await start(current);
    let offer!: (next: string | undefined, previous: string | undefined) => Promise<string | undefined>;
    const secrets = {
      adopt: (adoption: unknown) => void (offer = (adoption as { adopt: typeof offer }).adopt),
    };
    const config = readConfig(identityConfig, { API_KEY_PEPPER: current });
    followPepper(pepper, { config, secrets, database: opened().database });
    return { pepper, rotate: offer };
  }

  it('is taken by a start that names the one before, and from then on by none with the old one alone', async () => {
    await start(ONE);
    await expect(start(TWO, THREE)).rejects.toThrow(ConfigError);
    const pepper = await start(TWO, ONE);
    expect(pepper.digests('a key').former).toBe(new Pepper(ONE).digest('a key'));
    await expect(start(ONE)).rejects.toThrow(ConfigError);
    await expect(start(TWO)).resolves.toBeDefined();
  });

  it('is taken under way on the same terms', async () => {
    const { pepper, rotate } = await running(ONE);
    expect(await rotate(TWO, ONE)).toBeUndefined();
    expect(pepper.digest('a key')).toBe(new Pepper(TWO).digest('a key'));
    expect(pepper.digests('a key').former).toBe(new Pepper(ONE).digest('a key'));
    await expect(start(TWO)).resolves.toBeDefined();
  });

  it.each([undefined, THREE])('goes on as it was when the one before is said to be %s', async (previous) => {
    const { pepper, rotate } = await running(ONE);
    expect(await rotate(TWO, previous)).toBe('API_KEY_PREVIOUS_PEPPER must be the one before');
    expect(pepper.is(ONE)).toBe(true);
    await expect(start(ONE)).resolves.toBeDefined();
  });
});

describe('keys under a pepper that rotates', () => {
  it('work on, and get digests of the new one, with which they work when the old one is gone', async () => {
    const before = inMemoryIdentity({ API_KEY_PEPPER: ONE });
    const { secret: key } = await before.keys.create(
      { name: 'agent', role: 'service' },
      ConfiguredAdmin.principal,
    );
    const during = inMemoryIdentity({ API_KEY_PEPPER: TWO, API_KEY_PREVIOUS_PEPPER: ONE }, before.store);
    await expect(during.verifier.verify(key, call())).resolves.toMatchObject({ name: 'agent' });
    await expect.poll(() => before.store.find([new Pepper(TWO).digest(key)])).toBeDefined();
    const after = inMemoryIdentity({ API_KEY_PEPPER: TWO }, before.store);
    await expect(after.verifier.verify(key, call())).resolves.toMatchObject({ name: 'agent' });
    const old = inMemoryIdentity({ API_KEY_PEPPER: ONE }, before.store);
    await expect(Promise.resolve(old.verifier.verify(key, call()))).rejects.toThrow('Invalid API key');
  });

  it('are not moved before all replicas can know it', async () => {
    const pepper = new Pepper(ONE);
    pepper.rotate(TWO, ONE);
    expect(pepper.settled).toBe(false);
    expect(new Pepper(ONE, undefined, 0).settled).toBe(true);
  });
});

describe('the admin credential', () => {
  it('is the new one at once when it rotates, also for those who were let in lately', async () => {
    const [first, second] = ['first', 'second'].map((word) => `${word}-admin-credential-of-thirty-two`) as [
      string,
      string,
    ];
    const live = new RotatingValue<unknown>(first);
    const secrets = { watch: () => live, refresh: async () => undefined };
    const { verifier } = inMemoryIdentity(
      { GATEHOUSE_API_KEY: first },
      undefined,
      undefined,
      secrets as never,
    );
    expect(verifier.verify(first, call())).toMatchObject({ id: 'configured-admin' });
    live.set(second);
    live.tell();
    expect(verifier.verify(second, call())).toMatchObject({ id: 'configured-admin' });
    expect(() => verifier.verify(first, call())).toThrow('Invalid API key');
  });
});
