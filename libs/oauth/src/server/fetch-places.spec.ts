import { beforeEach, describe, expect, it } from 'vitest';
import { FetchPlaces } from './fetch-places.ts';

describe('the places of fetches that strangers cause', () => {
  let now: number;
  let places: FetchPlaces;
  beforeEach(() => {
    now = 0;
    places = new FetchPlaces({ all: 6, network: 2, host: 4 }, () => now);
  });

  /** One that never answers, until it is told to stop. */
  const hang = (host: string, address: string) =>
    places
      .during({ host, address }, (signal) => {
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        return promise;
      })
      .then(
        () => 'done',
        ({ message }: Error) => message,
      );
  const ask = (host: string, address: string) =>
    places.during({ host, address }, async () => 'a document').catch(({ message }: Error) => message);

  it('are a few for each network, an IPv6 /64 like an address, whatever hosts it names', async () => {
    const first = hang('a.example', '2001:db8::1');
    void hang('b.example', '2001:db8::2');
    expect(await ask('c.example', '2001:db8::3')).toContain('Too many');
    expect(await ask('c.example', '2001:db8:0:1::1')).toBe('a document');
    now = 300;
    expect(await ask('c.example', '2001:db8::3')).toBe('a document');
    expect(await first).toContain('the longest');
  });

  it('are a few for each host, whoever asks', async () => {
    const first = hang('slow.example', '192.0.2.1');
    for (const n of [2, 3, 4]) void hang('slow.example', `192.0.2.${n}`);
    expect(await ask('slow.example', '192.0.2.5')).toContain('Too many');
    expect(await ask('other.example', '192.0.2.5')).toBe('a document');
    now = 300;
    expect(await ask('slow.example', '192.0.2.5')).toBe('a document');
    expect(await first).toContain('the longest');
  });

  it('let others through when slow servers hold all of them, and cut those that took the longest', async () => {
    const slow = Array.from({ length: 6 }, (_, n) => hang(`${n}.example`, `192.0.2.${n}`));
    expect(await ask('good.example', '198.51.100.1')).toContain('Too many');
    now = 300;
    expect(await ask('good.example', '198.51.100.1')).toBe('a document');
    expect(await slow[0]).toContain('the longest');
    // The others were left alone.
    expect(await Promise.race([slow[1]!, Promise.resolve('still at it')])).toBe('still at it');
  });

  it('are free again when a fetch is over, well or not', async () => {
    for (let n = 0; n < 10; n++) {
      expect(await ask('a.example', '192.0.2.1')).toBe('a document');
      const failing = places.during({ host: 'a.example', address: '192.0.2.1' }, () =>
        Promise.reject(new Error('no such name')),
      );
      await expect(failing).rejects.toThrow('no such name');
    }
  });

  it('count by no network what goes on with a log-in', async () => {
    for (const host of ['a', 'b', 'c', 'd', 'e']) void hang(host, '');
    expect(await ask('good.example', '')).toBe('a document');
  });
});
