import { describe, expect, it } from 'vitest';
import type { Outlet, StreamEvent } from '../exchange.ts';
import { ReplayMemory } from './replay-memory.ts';
import { SessionStreams } from './session-streams.ts';

class Connection implements Outlet {
  readonly events: StreamEvent[] = [];
  open = true;
  begun = true;
  readonly closed = Promise.resolve();
  send(event: StreamEvent): void {
    this.events.push(event);
  }
  end(): void {
    this.open = false;
  }
  get said(): string[] {
    return this.events.map(({ data }) => data);
  }
}

function streamsOf({ primes = true, memory = new ReplayMemory() } = {}): SessionStreams {
  return new SessionStreams(primes, memory);
}

describe('the streams of a session', () => {
  it('begin with an event that says where to come back to, for clients that know it', () => {
    const [young, old] = [new Connection(), new Connection()];
    streamsOf().open(young);
    streamsOf({ primes: false }).open(old);
    expect(young.events).toEqual([{ id: '1_0', data: '', retryMs: 1000 }]);
    expect(old.events).toEqual([]);
  });

  it('say what was missed to a client that comes back, once, and end', () => {
    const streams = streamsOf();
    const first = new Connection();
    const channel = streams.open(first);
    channel.send('one');
    channel.pause();
    expect(first.open).toBe(false);
    channel.send('two');
    channel.finish('answer');
    const second = new Connection();
    expect(streams.resume(first.events.at(-1)!.id!, second)).toBe(true);
    expect(second.said).toEqual(['two', 'answer']);
    expect(second.open).toBe(false);
  });

  it('are not there to come back to before their first byte was let go, whatever was said by then', () => {
    const streams = streamsOf();
    const [first, second, third] = [new Connection(), new Connection(), new Connection()];
    first.begun = false;
    streams.open(first).finish('answer');
    expect(streams.resume('1_0', second)).toBe(false);
    expect(second.events).toEqual([]);
    first.begun = true;
    expect(streams.resume('1_0', third)).toBe(true);
    expect(third.said).toEqual(['answer']);
  });

  it('go on after a client came back', () => {
    const streams = streamsOf();
    const [first, second] = [new Connection(), new Connection()];
    const channel = streams.open(first);
    channel.pause();
    streams.resume('1_0', second);
    channel.finish('answer');
    expect(second.said).toEqual(['answer']);
  });

  it('do not mix', () => {
    const streams = streamsOf();
    const [first, second, third] = [new Connection(), new Connection(), new Connection()];
    streams.open(first).finish('of the first');
    streams.open(second).finish('of the second');
    streams.resume('2_0', third);
    expect(third.said).toEqual(['of the second']);
  });

  it.each(['', '9_0', '1', '1_x', '1_-1', 'listen_0', '__proto__'])('know no event %j', (id) => {
    const streams = streamsOf();
    streams.open(new Connection());
    expect(streams.resume(id, new Connection())).toBe(false);
  });

  it('let one connection listen at a time', () => {
    const streams = streamsOf();
    const [first, second] = [new Connection(), new Connection()];
    streams.notify('nobody listens');
    streams.listen(first);
    streams.listen(second);
    streams.notify('news');
    expect([first.open, first.said, second.said]).toEqual([false, [''], ['', 'news']]);
  });

  it('keep a bounded part of what was said', () => {
    const streams = streamsOf();
    const channel = streams.open(new Connection());
    for (let n = 0; n < 3000; n++) channel.send(`${n} ${'x'.repeat(1000)}`);
    const back = new Connection();
    streams.resume('1_0', back);
    expect(back.events.length).toBeLessThanOrEqual(1000);
    expect(back.said.at(-1)).toMatch(/^2999 /);
  });

  it('end together', () => {
    const streams = streamsOf();
    const [first, second] = [new Connection(), new Connection()];
    streams.open(first);
    streams.listen(second);
    streams.end();
    expect([first.open, second.open]).toEqual([false, false]);
  });

  it('are forgotten with the session, also what is said after it has ended', () => {
    const memory = new ReplayMemory();
    const streams = streamsOf({ memory });
    const channel = streams.open(new Connection());
    channel.send('x'.repeat(1000));
    expect(memory.characters).toBeGreaterThan(1000);
    streams.end();
    channel.finish('x'.repeat(1000));
    expect(memory.characters).toBe(0);
  });
});

describe('what all sessions remember', () => {
  it('is bounded: whoever was silent longest forgets first', () => {
    const memory = new ReplayMemory(10_000);
    const [silent, talking] = [streamsOf({ memory }), streamsOf({ memory })];
    for (const streams of [silent, talking]) streams.open(new Connection()).send(`first ${'x'.repeat(4000)}`);
    expect(heardAgain(silent)).toHaveLength(1);
    const channel = talking.open(new Connection());
    channel.send('y'.repeat(4000));
    expect(heardAgain(silent)).toEqual([]);
    expect(heardAgain(talking)).toHaveLength(1);
    channel.send('z'.repeat(9000));
    expect(heardAgain(talking)).toEqual([]);
    expect(memory.characters).toBeLessThanOrEqual(10_000);
  });

  it('is bounded in a message too large to remember at all', () => {
    const memory = new ReplayMemory(100);
    streamsOf({ memory }).open(new Connection()).send('x'.repeat(1000));
    expect(memory.characters).toBe(0);
  });
});

/** What the first stream says to a client that comes back to its beginning. */
function heardAgain(streams: SessionStreams): string[] {
  const connection = new Connection();
  expect(streams.resume('1_0', connection)).toBe(true);
  return connection.said;
}
