import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { boundedGet, type GetOptions } from './bounded-get.ts';
import { isLoopback, isPublic } from './special-addresses.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: RequestListener): Promise<URL> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const options = (more: Partial<GetOptions> = {}): GetOptions => ({
  timeoutMs: 1_000,
  maxBytes: 100,
  to: 'anywhere',
  ...more,
});

describe('an address', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2001::1',
    '2001:db8::1',
    '2002:a00:1::',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    'no address',
  ])('%s is not public', (address) => expect(isPublic(address)).toBe(false));

  it.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111'])('%s is public', (address) =>
    expect(isPublic(address)).toBe(true),
  );

  it.each([
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['10.0.0.1', false],
    ['localhost', false],
  ])('%s is of this machine: %s', (address, expected) => expect(isLoopback(address)).toBe(expected));
});

describe('a bounded GET', () => {
  it('gives what is there, and does not follow where it leads', async () => {
    const url = await serve((_, response) =>
      response.writeHead(302, { location: 'http://10.0.0.1/' }).end('moved'),
    );
    expect(await boundedGet(url, options())).toMatchObject({ status: 302, body: Buffer.from('moved') });
  });

  it('ends at its size', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(101)));
    await expect(boundedGet(url, options())).rejects.toThrow('larger than 100 bytes');
  });

  it('ends at its time, also when bytes trickle', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 20);
      response.once('close', () => clearInterval(timer));
    });
    await expect(boundedGet(url, options({ timeoutMs: 100 }))).rejects.toThrow(/abort/i);
  });

  it.each([
    ['http://127.0.0.1:1/', 'public', 'Only https'],
    ['http://gate.example/', 'anywhere', 'Only https'],
    ['https://127.0.0.1:1/', 'public', 'fetched from'],
    ['https://[::1]:1/', 'public', 'fetched from'],
    ['https://localhost:1/', 'public', 'fetched from'],
    ['https://10.0.0.1/', 'public-or-loopback', 'fetched from'],
    ['https://2130706433/', 'public', 'fetched from'],
  ] as const)('does not go to %s when told %s', async (url, to, why) => {
    await expect(boundedGet(new URL(url), options({ to }))).rejects.toThrow(why);
  });
});
