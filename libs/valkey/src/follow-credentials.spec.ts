import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import type { Secrets } from '#secrets';
import { ValkeyServer } from '#testing';
import { followCredentials } from './follow-credentials.ts';
import { serverAddress } from './server-address.ts';
import { StateConnection, type Turn } from './valkey-connection.ts';
import { valkeyConfig } from './valkey.config.ts';

describe('a password of Valkey that rotates', () => {
  let server: ValkeyServer;
  let connection: StateConnection;
  let url: string;
  let offer: (...values: (string | undefined)[]) => Promise<string | undefined>;
  let keepsUrl: (url: string) => boolean;
  let turns: Turn[];
  let refusals: number;
  const warn = vi.spyOn(Logger.prototype, 'warn');

  beforeEach(async () => {
    warn.mockReset().mockReturnValue();
    vi.spyOn(Logger.prototype, 'log').mockReturnValue();
    server = await ValkeyServer.start({
      users: ['gatehouse on >first ~* &* +@all'],
      password: 'of-the-admin',
    });
    url = server.url.replace('//', '//gatehouse@');
    const settings = readConfig(valkeyConfig, {
      VALKEY_URL: url,
      VALKEY_PASSWORD: 'first',
      VALKEY_COMMAND_TIMEOUT_MS: '500',
      VALKEY_RETRY_MAX_MS: '100',
    });
    refusals = 0;
    connection = new StateConnection({
      ...settings,
      name: 'state',
      address: serverAddress(url, settings),
      onRefused: () => refusals++,
    });
    const secrets: Pick<Secrets, 'adopt' | 'guard'> = {
      adopt: (adoption) => void (offer = (adoption as unknown as { adopt: typeof offer }).adopt),
      guard: ({ env }, keeps) => {
        if (env === 'VALKEY_URL') keepsUrl = keeps as typeof keepsUrl;
      },
    };
    followCredentials([connection], { settings, secrets });
    await connection.open();
    turns = [];
    connection.onTurn((turn) => turns.push(turn));
  }, 600_000);
  afterEach(async () => {
    connection.close();
    await server.remove();
  });

  const users = (...changes: string[]) => server.command('ACL', 'SETUSER', 'gatehouse', ...changes);
  /** Undefined once the server has taken it. */
  const rotateTo = (next: string) => offer(url, undefined, next);

  /** As when the network breaks: ours are closed, and made anew. */
  async function reconnects(): Promise<void> {
    await server.command('CLIENT', 'KILL', 'USER', 'gatehouse');
    await expect.poll(() => connection.client.ping().catch(() => 'refused')).toBe('PONG');
  }

  it('changes under way: the connection stays up, and comes back with the new one', async () => {
    await users('>second');
    expect(await rotateTo('second')).toBeUndefined();
    await expect(connection.client.ping()).resolves.toBe('PONG');
    await users('<first');
    expect(turns).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
    await reconnects();
    expect(await connection.client.acl('WHOAMI')).toBe('gatehouse');
  });

  it('may come here before the server knows it: the connection goes on, and comes back with the one that is known', async () => {
    const refusal = await rotateTo('second');
    expect(refusal).toMatch(/^Valkey \(state\) does not take it: WRONGPASS/);
    expect(turns).toEqual([]);
    await reconnects();
    await users('resetpass', '>second');
    await reconnects();
    expect(await rotateTo('second')).toBeUndefined();
    await reconnects();
    expect(JSON.stringify([refusal, warn.mock.calls])).not.toMatch(/first|second/);
  });

  it('outlives a slip, and one after another: none is forgotten that may still be the one', async () => {
    expect(await rotateTo('slip')).toMatch(/does not take it/);
    expect(await rotateTo('second')).toMatch(/does not take it/);
    await reconnects();
    await users('resetpass', '>second');
    await reconnects();
    expect(await rotateTo('second')).toBeUndefined();
  });

  it('is not said to be in use while the server is away', async () => {
    await server.kill();
    await expect.poll(() => connection.up).toBe(false);
    expect(await rotateTo('second')).toMatch(/^Valkey \(state\) is away: /);
  });

  it('changes together with the user', async () => {
    await server.command('ACL', 'SETUSER', 'other', 'on', '>second', '~*', '&*', '+@all');
    expect(await offer(url.replace('gatehouse@', 'other@'), undefined, 'second')).toBeUndefined();
    expect(await connection.client.acl('WHOAMI')).toBe('other');
  });

  it('is used by subscribers too, and by those that are made later', async () => {
    const heard: string[] = [];
    const subscriber = connection.subscriber();
    connection.hear('news', (text) => heard.push(text));
    await users('resetpass', '>second');
    expect(await rotateTo('second')).toBeUndefined();
    await reconnects();
    await expect.poll(() => subscriber.status).toBe('ready');
    await expect
      .poll(async () => {
        await connection.client.publish('news', 'told');
        return heard;
      })
      .toContain('told');
  });

  it('has the secrets looked for when the server refuses it', async () => {
    await users('resetpass', '>second');
    await server.command('CLIENT', 'KILL', 'USER', 'gatehouse');
    await expect.poll(() => refusals).toBeGreaterThan(0);
    expect(await rotateTo('second')).toMatch(/is away/);
    await expect.poll(() => connection.up).toBe(true);
    expect(await rotateTo('second')).toBeUndefined();
  });

  it('is all of the URL that changes without a restart', () => {
    expect(keepsUrl(url.replace('gatehouse@', 'other:second@'))).toBe(true);
    for (const other of ['redis://gatehouse@127.0.0.1:1', `${url}/3`, url.replace('redis:', 'rediss:')])
      expect(keepsUrl(other)).toBe(false);
  });
});
