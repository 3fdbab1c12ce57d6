import { describe, expect, it } from 'vitest';
import { ConnectionCaps } from './connection-caps.ts';
import { TurnedAway } from './turned-away.ts';

const PROXY = '10.0.0.1';

function capsWith(limits: { total?: number; perAddress?: number; websockets?: number }) {
  const turned: string[] = [];
  const caps = new ConnectionCaps({
    total: 100,
    perAddress: 100,
    websockets: 100,
    tcp: 100,
    ...limits,
    isShared: (address) => address === PROXY,
    turnedAway: { count: (network) => turned.push(network) },
  });
  return { caps, turned };
}

describe('how many may be connected', () => {
  it('in all, whoever they are, and one more once one has gone, however often it says so', () => {
    const { caps, turned } = capsWith({ total: 2 });
    const first = caps.take('192.0.2.1');
    expect(caps.take(PROXY)).toBeDefined();
    expect(caps.take('192.0.2.3')).toBeUndefined();
    expect(turned).toEqual(['192.0.2.3']);
    first!();
    first!();
    expect(caps.take('192.0.2.3')).toBeDefined();
    expect(caps.take('192.0.2.4')).toBeUndefined();
  });

  it('of one address, and of one IPv6 /64, but for those that everybody comes through', () => {
    const { caps } = capsWith({ perAddress: 1 });
    expect(caps.take('192.0.2.1')).toBeDefined();
    expect(caps.take('192.0.2.1')).toBeUndefined();
    expect(caps.take('2001:db8::1')).toBeDefined();
    expect(caps.take('2001:db8::2')).toBeUndefined();
    for (let time = 0; time < 3; time++) expect(caps.take(PROXY)).toBeDefined();
  });

  it('at one door', () => {
    const { caps } = capsWith({ websockets: 1 });
    const place = caps.takeDoor('ws');
    expect(caps.takeDoor('ws')).toBeUndefined();
    expect(caps.takeDoor('tcp')).toBeDefined();
    place!();
    expect(caps.takeDoor('ws')).toBeDefined();
  });
});

describe('those who were turned away', () => {
  it('leave one record at once, and one for many later and later', async () => {
    const attempts: unknown[] = [];
    const turned = new TurnedAway({ event: async ({ notes }) => void attempts.push(notes!['attempts']) });
    const begun = Date.now();
    for (let time = 0; time < 5; time++) turned.count('192.0.2.1', 'excess', begun);
    await turned.write('due', begun);
    for (let time = 0; time < 7; time++) turned.count('192.0.2.1', 'excess', begun + 1_000);
    await turned.write('due', begun + 59_000);
    expect(attempts).toEqual([5]);
    await turned.write('due', begun + 60_000);
    turned.count('192.0.2.1', 'excess', begun + 61_000);
    await turned.write('due', begun + 120_000);
    expect(attempts).toEqual([5, 7]);
    await turned.close();
    expect(attempts).toEqual([5, 7, 1]);
  });

  it('are told when the journal works again', async () => {
    const attempts: unknown[] = [];
    let down = true;
    const turned = new TurnedAway({
      async event({ notes }) {
        if (down) throw new Error('down');
        attempts.push(notes!['attempts']);
      },
    });
    turned.count('192.0.2.1');
    await turned.write();
    down = false;
    await turned.close();
    expect(attempts).toEqual([1]);
  });

  it('are told apart by network and by reason, up to a thousand of each', async () => {
    const records: Parameters<ConstructorParameters<typeof TurnedAway>[0]['event']>[0][] = [];
    const turned = new TurnedAway({ event: async (event) => void records.push(event) });
    const seen: string[] = [];
    turned.watch((reason) => seen.push(reason));
    for (let network = 0; network < 1_500; network++) turned.count(`network ${network}`, 'unreadable');
    turned.count('network 0', 'excess');
    turned.count('network 0', 'redirected');
    await turned.close();
    expect(seen).toHaveLength(1_502);
    expect(records).toHaveLength(1_003);
    const others = records.find(({ ip }) => ip === undefined);
    expect(others).toMatchObject({ event: 'invalid_input', notes: { reason: 'unreadable', attempts: 500 } });
    expect(records.filter(({ ip }) => ip === 'network 0')).toMatchObject([
      { event: 'invalid_input', result: 'refused', code: 'INVALID_REQUEST' },
      { event: 'connection_limit', result: 'refused', code: 'TOO_MANY_CONNECTIONS' },
      { event: 'connection_redirected', result: 'allowed' },
    ]);
  });
});
