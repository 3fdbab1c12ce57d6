import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  certificate,
  databases,
  freePort,
  scratchFolder,
  sslSettings,
  type Pair,
  type ScratchFolder,
} from '#testing';
import { TlsContexts } from '#transport';
import { ADMIN_KEY, bootGateway, type TestGateway } from './support/gateway.ts';
import { secureRequest, sClient, shownCertificate } from './support/tls-client.ts';

const HSTS = 'max-age=31536000; includeSubDomains';
const authorization = `Bearer ${ADMIN_KEY}`;

describe('a gateway with TLS', () => {
  let folder: ScratchFolder;
  let pair: Pair;
  let booted: TestGateway;
  let redirect: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await scratchFolder();
    pair = await certificate();
    const redirectPort = String(await freePort());
    redirect = `http://127.0.0.1:${redirectPort}`;
    env = { ...sslSettings(folder.path, pair), HTTPS_REDIRECT_PORT: redirectPort };
    booted = await bootGateway(databases[0]!, { env });
  }, 600_000);
  afterAll(async () => {
    await booted.close();
    await folder.remove();
  });

  const listeners = () => [booted.gateway.url, booted.gateway.managementUrl!];
  const get = (url: string, path: string) =>
    secureRequest(url + path, { ca: pair.cert, headers: { authorization } });

  it('answers on both ports, with HSTS', async () => {
    const [api, management] = [
      await get(listeners()[0]!, '/conversations'),
      await get(listeners()[1]!, '/health/details'),
    ];
    expect([api.status, management.status]).toEqual([200, 200]);
    for (const { headers } of [api, management]) expect(headers['strict-transport-security']).toBe(HSTS);
    expect(listeners().every((url) => url.startsWith('https://'))).toBe(true);
  });

  it('serves MCP', async () => {
    const { status, body } = await secureRequest(`${booted.gateway.url}/mcp`, {
      ca: pair.cert,
      headers: {
        authorization,
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    });
    expect({ status, tools: body }).toMatchObject({
      status: 200,
      tools: { result: { tools: expect.any(Array) } },
    });
  });

  describe('as OpenSSL sees it', () => {
    const weak = 'DEFAULT@SECLEVEL=0';
    it.each([
      ['TLS 1.3', ['-tls1_3'], 'TLS_AES_256_GCM_SHA384'],
      [
        'TLS 1.3 with ChaCha20',
        ['-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'],
        'TLS_CHACHA20_POLY1305_SHA256',
      ],
      [
        'TLS 1.2 with AES-GCM',
        ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
        'ECDHE-ECDSA-AES128-GCM-SHA256',
      ],
      [
        'TLS 1.2 with ChaCha20',
        ['-tls1_2', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
        'ECDHE-ECDSA-CHACHA20-POLY1305',
      ],
    ])('takes %s', async (_, options, suite) => {
      for (const url of listeners()) {
        const { out } = await sClient(url, options);
        expect(out).toContain(`Cipher is ${suite}`);
      }
    });

    it.each([
      ['TLS 1.0', ['-tls1', '-cipher', weak]],
      ['TLS 1.1', ['-tls1_1', '-cipher', weak]],
      [
        'CBC',
        ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA'],
      ],
      ['CCM', ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-CCM']],
      ['no forward secrecy', ['-tls1_2', '-cipher', 'AES128-GCM-SHA256:AES256-GCM-SHA384']],
    ])('refuses %s', async (_, options) => {
      for (const url of listeners()) {
        const { out, err } = await sClient(url, options);
        expect(out).toContain('Cipher is (NONE)');
        expect(err).toMatch(/alert|unexpected eof/);
      }
    });

    it('speaks HTTP/1.1 and promises nothing else', async () => {
      const [known, both] = [
        await sClient(booted.gateway.url, ['-alpn', 'h2,http/1.1']),
        await sClient(booted.gateway.url, ['-alpn', 'h2']),
      ];
      expect(known.out).toContain('ALPN protocol: http/1.1');
      expect(both.out).not.toContain('ALPN protocol: h2');
    });
  });

  it('says nothing to who speaks no TLS', async () => {
    for (const url of listeners()) {
      const socket = connectPlain(Number(new URL(url).port), '127.0.0.1');
      socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
      expect(await text(socket)).not.toContain('HTTP/1.1');
    }
  });

  describe('on HTTPS_REDIRECT_PORT', () => {
    it.each([
      ['localhost', 'localhost'],
      ['localhost:80', 'localhost'],
      ['127.0.0.1:8080', '127.0.0.1'],
    ])('sends who comes for %s to the same place with TLS', async (host, name) => {
      const answer = await rawRequest(redirect, '/search?q=a%20b', host);
      const { port } = new URL(booted.gateway.url);
      expect(answer).toContain('HTTP/1.1 308 ');
      expect(answer).toContain(`\r\nlocation: https://${name}:${port}/search?q=a%20b\r\n`);
      expect(answer.toLowerCase()).not.toContain('strict-transport-security');
    });

    it.each([
      ['a host of somebody else', '/', 'evil.example'],
      ['a host that hides another', '/', 'localhost@evil.example'],
      ['a host with a path', '/', 'localhost/..//evil.example'],
      ['a host that begins like ours', '/', 'localhost.evil.example'],
      ['another address', '/', '[::1]:80'],
      ['a whole URL', 'http://evil.example/', 'localhost'],
      ['a target that is none', '*', 'localhost'],
    ])('sends nobody anywhere for %s', async (_, path, host) => {
      const answer = await rawRequest(redirect, path, host);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer.toLowerCase()).not.toContain('location:');
    });

    it('stays with our host when the path looks like another', async () => {
      const { port } = new URL(booted.gateway.url);
      expect(await rawRequest(redirect, '//evil.example/..', 'localhost')).toContain(
        `location: https://localhost:${port}//evil.example/..`,
      );
    });
  });
});

describe('a certificate that changes', () => {
  let folder: ScratchFolder;
  let booted: TestGateway;
  let tls: TlsContexts;
  beforeAll(async () => {
    folder = await scratchFolder();
    publish('first', await certificate());
    const settings = {
      SSL_ENABLED: 'true',
      SSL_CERT_PATH: join(folder.path, 'tls.crt'),
      SSL_KEY_PATH: join(folder.path, 'tls.key'),
    };
    symlinkSync('..data/tls.crt', settings.SSL_CERT_PATH);
    symlinkSync('..data/tls.key', settings.SSL_KEY_PATH);
    booted = await bootGateway(databases[0]!, { env: settings });
    tls = booted.gateway.app.get(TlsContexts);
  }, 600_000);
  afterAll(async () => {
    await booted.close();
    await folder.remove();
  });

  /** As the kubelet renews a volume: a new folder, and one link that is replaced in one step. */
  function publish(version: string, { cert, key }: Pair): void {
    const data = join(folder.path, `..${version}`);
    mkdirSync(data);
    writeFileSync(join(data, 'tls.crt'), cert);
    writeFileSync(join(data, 'tls.key'), key);
    symlinkSync(`..${version}`, join(folder.path, '..data_tmp'));
    renameSync(join(folder.path, '..data_tmp'), join(folder.path, '..data'));
  }

  const shown = () =>
    Promise.all(
      [booted.gateway.url, booted.gateway.managementUrl!].map(
        async (url) => (await shownCertificate(url)).fingerprint256,
      ),
    );

  it('is shown to the next client, on both ports, without a restart', async () => {
    const next = await certificate();
    publish('second', next);
    await expect.poll(shown).toEqual([fingerprint(next), fingerprint(next)]);
  });

  it.each([
    ['another key', async () => ({ cert: (await certificate()).cert, key: (await certificate()).key })],
    ['no certificate', async () => ({ cert: 'nothing', key: (await certificate()).key })],
    ['a certificate that has expired', () => certificate({ from: -2000, until: -1000 })],
  ])('is not used when the new one has %s', async (what, make) => {
    const before = await shown();
    publish(what.replaceAll(' ', '-'), await make());
    await tls.renew();
    expect(await shown()).toEqual(before);
  });
});

describe('a start with TLS that can not work', () => {
  it('stops before it touches anything, and names the settings', async () => {
    await using folder = await scratchFolder();
    const { cert } = await certificate();
    const { key } = await certificate();
    const env = sslSettings(folder.path, { cert, key });
    await expect(bootGateway(databases[0]!, { env })).rejects.toThrow(
      'SSL_CERT_PATH and SSL_KEY_PATH do not belong together',
    );
  });
});

function fingerprint({ cert }: Pair): string {
  return new X509Certificate(cert).fingerprint256;
}

/** What comes back for a request whose target and Host are sent as they are. */
async function rawRequest(url: string, path: string, host: string): Promise<string> {
  const socket = connectPlain(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  return text(socket);
}
