import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import { RotatingValue } from '#secrets';
import { ValkeyServer } from '#testing';
import { followCredentials } from './follow-credentials.ts';
import { serverAddress } from './server-address.ts';
import { StateConnection, type Turn } from './valkey-connection.ts';
import { valkeyConfig } from './valkey.config.ts';

describe('a password of Valkey that rotates', () => {
  let server: ValkeyServer;
  let connection: StateConnection;
  let password: RotatingValue<string | undefined>;
  let url: RotatingValue<string | undefined>;
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
    url = new RotatingValue<string | undefined>(server.url.replace('//', '//gatehouse@'));
    password = new RotatingValue<string | undefined>('first');
    const settings = readConfig(valkeyConfig, {
      VALKEY_URL: url.current,
      VALKEY_PASSWORD: 'first',
      VALKEY_COMMAND_TIMEOUT_MS: '500',
      VALKEY_RETRY_MAX_MS: '100',
    });
    refusals = 0;
    connection = new StateConnection({
      ...settings,
      name: 'state',
      address: serverAddress(url.current!, settings),
      onRefused: () => refusals++,
    });
    followCredentials(connection, { settings, url, password });
    await connection.open();
    turns = [];
    connection.onTurn((turn) => turns.push(turn));
  }, 600_000);
  afterEach(async () => {
    connection.close();
    await server.remove();
  });

  const users = (...changes: string[]) => server.command('ACL', 'SETUSER', 'gatehouse', ...changes);
  const rotateTo = (next: string): void => {
    password.set(next);
    password.tell();
  };

  /** As when the network breaks: ours are closed, and made anew. */
  async function reconnects(): Promise<void> {
    await server.command('CLIENT', 'KILL', 'USER', 'gatehouse');
    await expect.poll(() => connection.client.ping().catch(() => 'refused')).toBe('PONG');
  }

  it('changes under way: the connection stays up, and comes back with the new one', async () => {
    await users('>second');
    rotateTo('second');
    await expect(connection.client.ping()).resolves.toBe('PONG');
    await users('<first');
    expect(turns).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
    await reconnects();
    expect(await connection.client.acl('WHOAMI')).toBe('gatehouse');
  });

  it('may come here before the server knows it: the connection goes on, and comes back with the old one', async () => {
    rotateTo('second');
    await expect.poll(() => warn.mock.calls.flat().join()).toContain('does not take the new password yet');
    expect(turns).toEqual([]);
    await reconnects();
    await users('resetpass', '>second');
    await reconnects();
    expect(JSON.stringify(warn.mock.calls)).not.toMatch(/first|second/);
  });

  it('is used by subscribers too, and by those that are made later', async () => {
    const heard: string[] = [];
    const subscriber = connection.subscriber();
    connection.hear('news', (text) => heard.push(text));
    await users('resetpass', '>second');
    rotateTo('second');
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
    rotateTo('second');
    await expect.poll(() => connection.up).toBe(true);
  });

  it('is told, and not followed, when the URL names another server', async () => {
    url.set('redis://gatehouse@127.0.0.1:1');
    url.tell();
    expect(warn.mock.calls.flat().join()).toContain('it counts from the next start');
    await reconnects();
  });
});
