import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TcpProxy } from '../tcp-proxy.ts';
import { ValkeyServer } from './valkey-server.ts';

/** What it answers to a PING within that time; `reset` or `silence` otherwise. */
async function ping(port: number, withinMs = 500): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
  const answer = once(socket, 'data').then(
    ([bytes]) => String(bytes).trim(),
    () => 'reset',
  );
  const ended = once(socket, 'close').then(
    () => 'reset',
    () => 'reset',
  );
  const silence = delay(withinMs, 'silence', { ref: false });
  const first = await Promise.race([answer, ended, silence]);
  socket.destroy();
  return first;
}

describe('a Valkey of a spec', () => {
  it('can be frozen, killed and restarted empty on its port', async () => {
    await using server = await ValkeyServer.start();
    expect(await server.command('set', 'a', '1')).toBe('OK');
    server.freeze();
    expect(await ping(server.port)).toBe('silence');
    server.thaw();
    expect(await server.command('get', 'a')).toBe('1');
    await server.kill();
    expect(await ping(server.port)).toBe('reset');
    await server.restart({ password: 'secret' });
    expect(await ping(server.port)).toMatch(/^-NOAUTH/);
    expect(await server.command('get', 'a')).toBeNull();
  });

  it('has the users and the bounds that it is given', async () => {
    await using server = await ValkeyServer.start({
      maxmemory: '3mb',
      maxmemoryPolicy: 'noeviction',
      users: ['reader on >pw ~a:* +get'],
    });
    expect(await server.command('acl', 'list')).toContainEqual(expect.stringContaining('user reader on'));
    expect(await server.command('config', 'get', 'maxmemory')).toEqual(['maxmemory', String(3 * 2 ** 20)]);
  });

  it('ends with the process that started it', async () => {
    const program = `
      import { ValkeyServer } from ${JSON.stringify(new URL('valkey-server.ts', import.meta.url).href)};
      const server = await ValkeyServer.start();
      console.log(server.port, server.pid);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const [port, pid] = line.split(' ').map(Number) as [number, number];
    expect(await ping(port)).toBe('+PONG');
    child.kill('SIGKILL');
    for (let tries = 0; tries < 100 && existsSync(`/proc/${pid}`); tries++) await delay(50);
    expect(await ping(port)).toBe('reset');
  });
});

describe('TcpProxy', () => {
  it('passes on, delays, cuts and mends', async () => {
    await using server = await ValkeyServer.start();
    await using proxy = await TcpProxy.before(server.port);
    expect(await ping(proxy.port)).toBe('+PONG');
    proxy.delay(300);
    expect(await ping(proxy.port, 100)).toBe('silence');
    expect(await ping(proxy.port, 2_000)).toBe('+PONG');
    proxy.cut();
    expect(await ping(proxy.port)).toBe('reset');
    proxy.mend();
    expect(await ping(proxy.port)).toBe('+PONG');
  });
});
