import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectSecurely } from 'node:tls';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, readConfig, type Environment } from '#config';
import { authority, certificate, scratchFolder, sslSettings } from '#testing';
import { httpConfig } from '../http-server/http.config.ts';
import { serverOptions } from '../http-server/server-bounds.ts';
import { httpServerFactory, netServerFactory } from './server-factories.ts';
import { TlsContexts } from './tls-contexts.ts';
import { tlsConfig } from './tls.config.ts';

const nobody: RequestListener = () => undefined;
const open = (env: Environment) => TlsContexts.open(readConfig(tlsConfig, env), readConfig(httpConfig, env));

describe('TLS that can not work', () => {
  it.each<[string, { cert?: string; key?: string }, Environment, RegExp]>([
    ['no certificate', { cert: 'none' }, {}, /SSL_CERT_PATH holds no certificate in PEM/],
    ['no key', { key: 'none' }, {}, /SSL_KEY_PATH holds no private key in PEM/],
    ['a file that is not there', {}, { SSL_CERT_PATH: '/nowhere' }, /SSL_CERT_PATH can't be read \(ENOENT\)/],
    ['no setting', {}, { SSL_KEY_PATH: '' }, /SSL_ENABLED=true needs SSL_KEY_PATH/],
    [
      'a redirection to nowhere',
      {},
      { SSL_ENABLED: '0', HTTPS_REDIRECT_PORT: '80' },
      /HTTPS_REDIRECT_PORT needs/,
    ],
    ['mTLS without an authority', {}, { MTLS_ENABLED: '1' }, /MTLS_ENABLED=true needs MTLS_CA_PATH/],
    [
      'an authority that is none',
      {},
      { MTLS_ENABLED: '1', MTLS_CA_PATH: '/dev/null' },
      /MTLS_CA_PATH holds no/,
    ],
    ['mTLS without TLS', {}, { SSL_ENABLED: '0', MTLS_ENABLED: '1' }, /MTLS_ENABLED=true needs SSL_ENABLED/],
    ['nobody to demand it of', {}, { MTLS_REQUIRED: '1' }, /MTLS_REQUIRED=true needs/],
    [
      'forwarding by nobody',
      {},
      { MTLS_ENABLED: '1', MTLS_FORWARDED: '1' },
      /MTLS_FORWARDED=true needs TRUSTED_PROXIES/,
    ],
  ])('is refused for %s', async (_, change, env, says) => {
    await using folder = await scratchFolder();
    const settings = sslSettings(folder.path, { ...(await certificate()), ...change });
    await expect(open({ ...settings, ...env })).rejects.toThrow(says);
  });

  it('says all that is wrong at once, and nothing of what the files hold', async () => {
    await using folder = await scratchFolder();
    const settings = sslSettings(folder.path, { cert: 'a-secret', key: 'a-secret' });
    const error = await open(settings).catch((thrown: unknown) => thrown as ConfigError);
    expect(error).toMatchObject({
      faults: [expect.stringContaining('CERT'), expect.stringContaining('KEY')],
    });
    expect((error as ConfigError).message).not.toContain('a-secret');
  });
});

describe('authorities that can not be used', () => {
  it.each([
    [
      'MTLS_CA_PATH',
      '-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n',
      /MTLS_CA_PATH holds no/,
    ],
    ['MTLS_CRL_PATH', 'none', /MTLS_CRL_PATH holds no/],
    [
      'MTLS_CRL_PATH',
      '-----BEGIN X509 CRL-----\nbm9uZQ==\n-----END X509 CRL-----\n',
      /OpenSSL refuses .*MTLS_CRL_PATH/,
    ],
  ])('stop the boot: %s', async (name, content, says) => {
    await using folder = await scratchFolder();
    const env = sslSettings(folder.path, await certificate());
    const [ca, broken] = [join(folder.path, 'ca.pem'), join(folder.path, 'broken.pem')];
    writeFileSync(ca, (await authority('Mesh')).cert);
    writeFileSync(broken, content);
    await expect(open({ ...env, MTLS_ENABLED: '1', MTLS_CA_PATH: ca, [name]: broken })).rejects.toThrow(says);
  });
});

describe('a new certificate', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('that can not be used is told once, and the one before it stays until there is a good one', async () => {
    await using folder = await scratchFolder();
    const first = sslSettings(folder.path, await certificate({ name: 'first' }));
    const tls = await open(first);
    const told = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const news = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);

    writeFileSync(first['SSL_KEY_PATH']!, (await certificate()).key);
    await tls.renew();
    await tls.renew();
    expect(tls.certificate?.subject).toBe('CN=first');
    expect(told.mock.calls.flat()).toEqual([
      expect.stringMatching(/one before it stays: .*do not belong together/),
    ]);

    sslSettings(folder.path, await certificate({ name: 'second' }));
    await tls.renew();
    await tls.renew();
    expect(tls.certificate?.subject).toBe('CN=second');
    expect(news.mock.calls.flat()).toEqual([
      expect.stringMatching(/^A new certificate: CN=second, until 20/),
    ]);
  });
});

describe('a listener that is closed', () => {
  it('does not wait for who never shakes hands', async () => {
    await using folder = await scratchFolder();
    const env = sslSettings(folder.path, await certificate());
    const tls = await open(env);
    const server = httpServerFactory(tls)(serverOptions(readConfig(httpConfig, env)), nobody).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const silent = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(server, 'connection');
    const closed = once(server, 'close');
    server.close();
    tls.cut(server);
    await Promise.all([closed, once(silent, 'close')]);
    expect(silent.destroyed).toBe(true);
  });
});

describe('a door without HTTP', () => {
  it('has TLS of the same kind, and sees its clients once they have shaken hands', async () => {
    await using folder = await scratchFolder();
    const pair = await certificate();
    const tls = await open(sslSettings(folder.path, pair));
    const server = netServerFactory(tls)({ allowHalfOpen: true });
    server.on('secureConnection', (socket: Socket) => socket.end('hello'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connectSecurely({ port, host: '127.0.0.1', ca: pair.cert });
    await once(client, 'secureConnect');
    expect(client.getProtocol()).toBe('TLSv1.3');
    expect(await text(client)).toBe('hello');
    server.close();
    tls.cut(server);
  });
});
