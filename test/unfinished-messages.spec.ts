import { afterEach, describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { journalEntries } from './support/audit-records.ts';
import { useGateway } from './support/gateway.ts';
import type { SocketClient } from './support/socket-client.ts';
import { openSocket, type SocketDoorName } from './support/socket-transport.ts';

const EVERY_MS = 20;
const REASON = 'The message did not come in time';

/** Frames as a client would write them, with a mask that changes nothing (RFC 6455, section 5.2). */
const frame = (first: number, length: number, payload = '') =>
  Buffer.concat([Buffer.from([first, 0x80 | length, 0, 0, 0, 0]), Buffer.from(payload)]);
const PING = frame(0x89, 0);
const TEXT = 0x81;
const TEXT_GOES_ON = 0x01;
const GOES_ON = 0x00;

interface Way {
  door: SocketDoorName;
  first: Buffer;
  /** Again and again. */
  next: Buffer;
}

const ways: readonly [string, Way][] = [
  ['a WebSocket frame, a byte at a time', { door: 'ws', first: frame(TEXT, 125), next: Buffer.from(' ') }],
  [
    'a WebSocket frame, of which no more comes',
    { door: 'ws', first: frame(TEXT, 125, '{'), next: Buffer.alloc(0) },
  ],
  ['the head of a WebSocket frame', { door: 'ws', first: Buffer.of(TEXT), next: Buffer.alloc(0) }],
  ['fragments without end', { door: 'ws', first: frame(TEXT_GOES_ON, 1, '{'), next: frame(GOES_ON, 1, ' ') }],
  ['fragments with nothing in them', { door: 'ws', first: frame(TEXT_GOES_ON, 0), next: frame(GOES_ON, 0) }],
  ['a fragment, and pings after it', { door: 'ws', first: frame(TEXT_GOES_ON, 1, '{'), next: PING }],
  ['a line, a byte at a time', { door: 'tcp', first: Buffer.from('{'), next: Buffer.from(' ') }],
];

describe('whoever does not finish his message', () => {
  const gateway = useGateway(databases[0]!, {
    env: { REQUEST_TIMEOUT_MS: '300', WS_CONNECTION_TIMEOUT: '600000' },
  });
  const open: SocketClient[] = [];
  afterEach(async () => {
    for (const client of open) client.drop();
    await Promise.all(open.splice(0).map((client) => client.over));
  });
  const endingsOf = (door: SocketDoorName) =>
    journalEntries(gateway().dataDir).filter(
      (one) => one.event === 'connection_timeout' && one.door === door,
    );

  it.each(ways)('is not waited for: %s', async (_, { door, first, next }) => {
    const client = await openSocket(gateway(), door, await gateway().createKey());
    open.push(client);
    const before = endingsOf(door).length;
    const socket = client.raw;
    socket.on('error', () => undefined);
    socket.write(first);
    const trickle = setInterval(() => socket.writable && next.length > 0 && socket.write(next), EVERY_MS);
    try {
      const ended = await client.over;
      // TCP has no words for it.
      expect(ended).toEqual(door === 'ws' ? { code: 1008, reason: REASON } : undefined);
    } finally {
      clearInterval(trickle);
    }
    await expect
      .poll(() => endingsOf(door).slice(before), { timeout: 10_000 })
      .toMatchObject([{ notes: { reason: REASON } }]);
  });
});
