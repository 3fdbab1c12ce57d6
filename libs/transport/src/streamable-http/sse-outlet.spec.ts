import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { SseOutlet } from './sse-outlet.ts';

describe('an outlet of server-sent events', () => {
  it('says what it was told, and nothing once it was ended, though nobody has read that yet', async () => {
    const outlet = new SseOutlet();
    outlet.send({ data: 'one', id: '1_1' });
    outlet.end();
    expect(outlet.open).toBe(false);
    outlet.beat();
    outlet.send({ data: 'two' });
    outlet.end();
    expect(await text(outlet.body)).toBe(':\n\nevent: message\nid: 1_1\ndata: one\n\n');
    await outlet.closed;
  });

  it('has begun when it is read, and not when it was given up before', async () => {
    const [read, unread] = [new SseOutlet(), new SseOutlet()];
    for (const outlet of [read, unread]) expect(outlet.begun).toBe(false);
    read.end();
    await text(read.body);
    expect(read.begun).toBe(true);
    for (let i = 0; i < 2; i++) unread.send({ data: 'x'.repeat(700_000) });
    await unread.closed;
    expect(unread).toMatchObject({ begun: false, open: false });
  });
});
