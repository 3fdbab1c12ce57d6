import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import { TcpProxy, ValkeyServer, type ValkeyOptions } from '#testing';
import { serverAddress } from './server-address.ts';
import { StateConnection, type Turn } from './valkey-connection.ts';
import { ValkeyUnavailable } from './valkey-unavailable.ts';
import { valkeyConfig } from './valkey.config.ts';

const PASSWORD = 'hunter2-hunter2';

const warnings = vi.spyOn(Logger.prototype, 'warn');
beforeEach(() => void warnings.mockReset().mockImplementation(() => {}));
afterEach(() => void warnings.mockReset());
const warned = () => warnings.mock.calls.map(([line]) => String(line));

const started: { remove(): unknown }[] = [];
afterEach(async () => {
  for (const one of started.splice(0).toReversed()) await one.remove();
});

async function server(options?: ValkeyOptions): Promise<ValkeyServer> {
  const running = await ValkeyServer.start(options);
  started.push(running);
  return running;
}

async function connect(url: string, env: Record<string, string> = {}) {
  const settings = readConfig(valkeyConfig, {
    VALKEY_URL: url,
    VALKEY_COMMAND_TIMEOUT_MS: '200',
    VALKEY_RETRY_MAX_MS: '100',
    ...env,
  });
  const connection = new StateConnection({
    ...settings,
    name: 'state',
    address: serverAddress(url, settings),
  });
  const turns: Turn[] = [];
  connection.onTurn((turn) => turns.push(turn));
  started.push({ remove: () => connection.close() });
  await connection.open();
  return { connection, turns };
}

/** Microseconds of a command that fails, in the middle of many. */
async function costOfFailing({ client }: StateConnection): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 500; n++) {
    const begun = performance.now();
    await expect(client.get('a')).rejects.toThrow(ValkeyUnavailable);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[250]! * 1000;
}

describe('a connection to Valkey', () => {
  it('sends commands once it is open, and tells how the server is', async () => {
    const { connection, turns } = await connect((await server({ maxmemory: '8mb' })).url);
    expect(connection.up).toBe(true);
    expect(turns).toMatchObject([{ up: true }]);
    await connection.client.set('a', '1');
    expect(await connection.client.get('a')).toBe('1');
    expect(await connection.health()).toMatchObject({
      status: 'up',
      version: expect.stringMatching(/^\d+\.\d+/) as string,
      maxmemory: 8 * 2 ** 20,
      hit_rate: 1,
      evicted_keys: 0,
    });
    expect(warned()).toEqual([]);
  });

  it('does not keep the start waiting for a server that is away, nor a caller, and finds it when it comes', async () => {
    const away = await server();
    await away.kill();
    const { connection, turns } = await connect(away.url);
    expect(turns).toMatchObject([{ up: false, reason: expect.stringContaining('ECONNREFUSED') as string }]);
    expect(await costOfFailing(connection)).toBeLessThan(5_000);
    await away.restart();
    await expect.poll(() => connection.up, { timeout: 20_000 }).toBe(true);
    expect(await connection.client.ping()).toBe('PONG');
    expect(turns.map(({ up }) => up)).toEqual([false, true]);
    expect(warned()).toHaveLength(1);
  });

  it('fails all that waits when the server dies, and recovers by itself', async () => {
    const dying = await server();
    const { connection, turns } = await connect(dying.url);
    dying.freeze();
    const ends = Promise.allSettled(Array.from({ length: 20 }, () => connection.client.get('a')));
    await dying.kill();
    for (const end of await ends)
      expect(end).toMatchObject({ status: 'rejected', reason: expect.any(ValkeyUnavailable) as unknown });
    await dying.restart();
    await expect.poll(() => connection.up, { timeout: 20_000 }).toBe(true);
    expect(turns.map(({ up }) => up)).toEqual([true, false, true]);
  });

  it('gives a server up that does not answer in time, and probes it in the background', async () => {
    const frozen = await server();
    const { connection, turns } = await connect(frozen.url);
    frozen.freeze();
    const begun = performance.now();
    await expect(connection.client.get('a')).rejects.toThrow('no answer within 200 ms');
    expect(performance.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => turns.map(({ up }) => up), { timeout: 20_000 }).toEqual([true, false]);
    expect(await costOfFailing(connection)).toBeLessThan(5_000);
    await delay(600); // Attempts at a frozen server are accepted by its kernel, and must not count as its return.
    expect(turns).toHaveLength(2);
    frozen.thaw();
    await expect.poll(() => connection.up, { timeout: 20_000 }).toBe(true);
    expect(await connection.client.ping()).toBe('PONG');
  });

  it('does not take its own long pause for the silence of the server', async () => {
    const { connection, turns } = await connect((await server()).url);
    for (let round = 0; round < 3; round++) {
      const answers = [connection.client.ping(), connection.client.ping()];
      await delay(60);
      const until = performance.now() + 400;
      while (performance.now() < until);
      expect(await Promise.all(answers)).toEqual(['PONG', 'PONG']);
    }
    expect(turns).toHaveLength(1);
  });

  it('notices an answer that is too slow, and a network that is cut', async () => {
    const far = await server();
    await using proxy = await TcpProxy.before(far.port);
    const { connection, turns } = await connect(`redis://127.0.0.1:${proxy.port}`);
    proxy.delay(2_000);
    await expect(connection.client.get('a')).rejects.toThrow('no answer within 200 ms');
    proxy.mend();
    await expect.poll(() => connection.up, { timeout: 20_000 }).toBe(true);
    proxy.cut();
    await expect.poll(() => turns.at(-1)!.up, { timeout: 20_000 }).toBe(false);
    proxy.mend();
    await expect.poll(() => connection.up, { timeout: 20_000 }).toBe(true);
    connection.close();
  });

  it('hears its channels again after an outage', async () => {
    const there = await server();
    const { connection } = await connect(there.url);
    const heard: string[] = [];
    connection.hear('news', (message) => heard.push(message));
    await expect.poll(() => there.command('pubsub', 'channels'), { timeout: 20_000 }).toEqual(['news']);
    await connection.client.publish('news', 'one');
    await expect.poll(() => heard).toEqual(['one']);
    await there.kill();
    await there.restart();
    await expect.poll(() => there.command('pubsub', 'channels'), { timeout: 20_000 }).toEqual(['news']);
    await there.command('publish', 'news', 'two');
    await expect.poll(() => heard).toEqual(['one', 'two']);
  });
});

describe('a password', () => {
  const refusal = 'Valkey authentication failed: WRONGPASS';

  it.each([
    ['that is wrong', { VALKEY_PASSWORD: 'not-it-not-it' }, refusal],
    ['that is missing', {}, 'Valkey authentication failed: NOAUTH'],
    ['of another user', { VALKEY_USERNAME: 'nobody', VALKEY_PASSWORD: PASSWORD }, refusal],
  ])('%s is told once, and neither stops the process nor is shown', async (_, env, says) => {
    const locked = await server({ password: PASSWORD });
    const { connection, turns } = await connect(locked.url, env);
    expect(connection.up).toBe(false);
    await delay(700);
    expect(warned()).toEqual([expect.stringContaining(says)]);
    expect(turns).toMatchObject([{ up: false }]);
    await expect(connection.client.get('a')).rejects.toThrow(ValkeyUnavailable);
    expect(JSON.stringify([warnings.mock.calls, turns, connection.client.refusal])).not.toMatch(
      /hunter2|not-it/,
    );
  });

  it('that is wrong is the reason at any time, also while the next attempt has not come to anything', async () => {
    const locked = await server({ password: PASSWORD });
    const { connection } = await connect(locked.url, { VALKEY_PASSWORD: 'not-it-not-it' });
    const reasons = new Set<string>();
    connection.client.on('connect', () => reasons.add(connection.client.refusal.message));
    await expect.poll(() => reasons.size, { timeout: 20_000 }).toBeGreaterThan(0);
    await delay(300);
    expect([...reasons]).toEqual([expect.stringContaining('WRONGPASS')]);
  });

  it('opens the connection, whether it stands in the URL or beside it', async () => {
    const locked = await server({ password: PASSWORD, users: ['gate on >a@b:c/d ~* &* +@all'] });
    for (const [url, env] of [
      [locked.url, { VALKEY_PASSWORD: PASSWORD }],
      [`valkey://:${PASSWORD}@127.0.0.1:${locked.port}/2`, {}],
      [`redis://gate:a%40b%3Ac%2Fd@127.0.0.1:${locked.port}`, { VALKEY_PASSWORD: 'other' }],
      [locked.url, { VALKEY_USERNAME: 'gate', VALKEY_PASSWORD: 'a@b:c/d' }],
    ] as const) {
      expect((await connect(url, env)).connection.up).toBe(true);
    }
  });

  it('that is rotated away from us is told in the next turn, until the cause is gone', async () => {
    const locked = await server({ password: PASSWORD });
    const { connection, turns } = await connect(locked.url, { VALKEY_PASSWORD: PASSWORD });
    await locked.command('config', 'set', 'requirepass', 'rotated');
    await locked.restart({ password: 'rotated' });
    await expect.poll(warned, { timeout: 20_000 }).toContainEqual(expect.stringContaining(refusal));
    await delay(400);
    expect(warned().filter((line) => line.includes(refusal))).toHaveLength(1);
    await locked.restart({ password: PASSWORD });
    await expect.poll(() => connection.up, { timeout: 20_000 }).toBe(true);
    expect(turns.map(({ up }) => up)).toEqual([true, false, true]);
  });
});

describe('a server that may evict', () => {
  it.each(['allkeys-lru', 'volatile-ttl'])('by %s is warned of at each turn', async (maxmemoryPolicy) => {
    const forgetful = await server({ maxmemoryPolicy, maxmemory: '8mb' });
    const { connection } = await connect(forgetful.url);
    const says = expect.stringContaining(`maxmemory-policy is ${maxmemoryPolicy}`) as string;
    await expect.poll(warned).toEqual([says]);
    await forgetful.restart({ maxmemoryPolicy: 'noeviction' });
    await expect.poll(() => connection.up, { timeout: 20_000 }).toBe(true);
    expect(warned().filter((line) => line.includes('maxmemory-policy'))).toHaveLength(1);
  });
});
