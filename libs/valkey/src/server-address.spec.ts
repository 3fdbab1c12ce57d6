import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError, readConfig } from '#config';
import { freePort, openValkey, scratchFolder, ValkeyServer, type ScratchFolder } from '#testing';
import { serverAddress } from './server-address.ts';
import { valkeyConfig } from './valkey.config.ts';

const run = promisify(execFile);

const open = (url: string, env: Record<string, string> = {}) =>
  openValkey({ VALKEY_URL: url, VALKEY_RETRY_MAX_MS: '100', ...env });

const addressOf = (env: Record<string, string>) => {
  const settings = readConfig(valkeyConfig, env);
  return serverAddress(settings.url!, settings);
};

describe('a connection over TLS', () => {
  let folder: ScratchFolder;
  let server: ValkeyServer;
  let port = 0;
  beforeAll(async () => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    folder = await scratchFolder();
    port = await freePort();
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await run('openssl', ['req', '-x509', ...curve, ...names, '-days', '2', '-keyout', key, '-out', cert]);
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
    server = await ValkeyServer.start({
      args: ['--tls-port', String(port), '--tls-auth-clients', 'no', ...files],
    });
  }, 600_000);
  afterAll(async () => {
    await server?.remove();
    await folder?.remove();
  });

  it.each(['rediss', 'valkeys'])(
    'is made for %s://, with the certificates that are given',
    async (protocol) => {
      const connection = await open(`${protocol}://localhost:${port}`, {
        VALKEY_TLS_CA_FILE: join(folder.path, 'cert.pem'),
      });
      expect(connection.up).toBe(true);
      expect(await connection.client.ping()).toBe('PONG');
      connection.close();
    },
  );

  it.each([
    ['a certificate that nobody vouches for', 'localhost', undefined],
    ['a certificate of another name', '127.0.0.1', 'cert.pem'],
  ])('is not made with %s', async (_, host, ca) => {
    const connection = await open(
      `rediss://${host}:${port}`,
      ca === undefined ? {} : { VALKEY_TLS_CA_FILE: join(folder.path, ca) },
    );
    expect(connection.up).toBe(false);
    expect(connection.client.refusal.message).toMatch(/certificate|altnames/i);
    connection.close();
  });
});

describe('the settings of Valkey', () => {
  it.each([
    ['redis://cache', { host: 'cache', port: 6379, db: 0 }],
    ['valkey://u:p%40@cache:7000/3', { host: 'cache', port: 7000, db: 3, username: 'u', password: 'p@' }],
    ['redis://[::1]:6380', { host: '::1', port: 6380, db: 0 }],
    ['rediss://cache', { host: 'cache', port: 6379, db: 0, tls: { host: 'cache' } }],
  ])('understand %s', (url, address) => {
    expect(addressOf({ VALKEY_URL: url })).toEqual(address);
  });

  it.each([
    'http://cache',
    'cache:6379',
    'redis://:pw@/',
    'redis://u:100%@cache',
    'redis://cache/db',
    'redis://cache?db=3',
  ])('refuse %s without repeating it', (url) => {
    expect(() => addressOf({ VALKEY_URL: url })).toThrow(ConfigError);
    expect(() => addressOf({ VALKEY_URL: url })).not.toThrow(url);
  });

  it('name the file of certificates that can not be read', () => {
    expect(() => addressOf({ VALKEY_URL: 'rediss://cache', VALKEY_TLS_CA_FILE: '/nowhere.pem' })).toThrow(
      /VALKEY_TLS_CA_FILE .*ENOENT/,
    );
  });
});
