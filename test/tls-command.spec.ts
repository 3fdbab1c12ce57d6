import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { gatehouse, run } from './support/run.ts';

describe('gatehouse tls self-signed', () => {
  it('makes a certificate that clients take when they are told to trust it', async () => {
    await using folder = await scratchFolder();
    const out = join(folder.path, 'made');
    const { code } = await gatehouse([
      'tls',
      'self-signed',
      '--host',
      'gate.example',
      '--host',
      '192.0.2.7',
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    const [certPath, keyPath] = [join(out, 'cert.pem'), join(out, 'key.pem')];
    const certificate = new X509Certificate(readFileSync(certPath));
    expect(statSync(keyPath).mode & 0o777).toBe(0o600);
    expect(certificate.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:gate.example, IP Address:192.0.2.7',
    );
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });

    const server = createServer(
      { cert: readFileSync(certPath), key: readFileSync(keyPath) },
      (_, response) => {
        response.end('hello');
      },
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const script = `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`;
    const [trusting, others] = await Promise.all([
      run(process.execPath, ['--input-type=module', '-e', script], {
        env: { NODE_EXTRA_CA_CERTS: certPath },
      }),
      run(process.execPath, ['--input-type=module', '-e', script]),
    ]);
    expect(trusting).toMatchObject({ code: 0, out: 'hello' });
    expect(others.code).not.toBe(0);
    server.close();
  });

  it.each(['key.pem', 'cert.pem'])('overwrites no %s', async (file) => {
    await using folder = await scratchFolder();
    writeFileSync(join(folder.path, file), 'of somebody');
    const { code, err } = await gatehouse(['tls', 'self-signed', '--out', folder.path]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('nothing is overwritten') });
    expect(readdirSync(folder.path)).toEqual([file]);
    expect(readFileSync(join(folder.path, file), 'utf8')).toBe('of somebody');
  });

  it.each([[['--host', 'a b']], [['--host', 'localhost,evil=1']], [['--days', '0']], [['--days', '4000']]])(
    'refuses %j',
    async (args) => {
      await using folder = await scratchFolder();
      const { code } = await gatehouse(['tls', 'self-signed', '--out', folder.path, ...args]);
      expect({ code, files: readdirSync(folder.path) }).toEqual({ code: 2, files: [] });
    },
  );
});
