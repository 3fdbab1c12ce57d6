import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { boundedGet, type GetOptions } from './bounded-get.ts';
import { publicNames } from './public-names.ts';
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

/** A name server of a stranger's: silent, or with one address for all names (RFC 1035, section 4). */
async function nameServer(address?: readonly number[]) {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port }) => {
    if (!address) return;
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const isA = question.at(-3) === 1;
    const head = [query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0];
    const answer = isA ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address] : [];
    socket.send(Buffer.from([...head, ...question, ...answer]), port, '127.0.0.1');
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const before = publicNames.getServers();
  publicNames.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    [Symbol.dispose]() {
      publicNames.cancel();
      publicNames.setServers(before);
      socket.close();
    },
  };
}

describe('a name of a stranger', () => {
  it('that leads into this network is not followed', async () => {
    using _ = await nameServer([10, 0, 0, 1]);
    const getting = boundedGet(new URL('https://rebinding.example/'), options({ to: 'public' }));
    await expect(getting).rejects.toThrow('fetched from');
  });

  it('whose servers are silent takes its time and no thread', async () => {
    using _ = await nameServer();
    const gets = Array.from({ length: 8 }, (__, n) =>
      boundedGet(new URL(`https://silent${n}.example/`), options({ to: 'public', timeoutMs: 300 })),
    );
    const all = Promise.allSettled(gets);
    const first = await Promise.race([stat('.').then(() => 'the disk'), all.then(() => 'the names')]);
    expect(first).toBe('the disk');
    expect((await all).every(({ status }) => status === 'rejected')).toBe(true);
  });
});
