import { Readable } from 'node:stream';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EventStream, Operation, roles, type Call, type Principal } from '#call';
import { NotFound } from '#errors';
import { maskValue } from '#masking';
import { useValkey } from '#testing';
import { callTo, stageBefore, type HandlerName, type Version } from '../testing/answering.ts';
import { openCache, type OpenCache } from '../testing/open-cache.ts';
import type { CacheInterceptor } from './cache.interceptor.ts';
import { Cached } from './cached.decorator.ts';
import { CachedOperations } from './cached-operations.ts';

const ann: Principal = { id: 'ann', name: 'Ann', role: 'employee', tier: undefined, keyId: 'k' };
const ben: Principal = { ...ann, id: 'ben' };

describe('the stage that answers from the cache', () => {
  let open: OpenCache;
  let stage: CacheInterceptor;
  let version: Version;
  beforeEach(async () => {
    open = await openCache();
    ({ stage, version } = await stageBefore(open.cache));
    return open[Symbol.asyncDispose];
  });

  /** How often a handler runs for these calls, one after the other. */
  async function runs(answer: unknown, calls: Call[]): Promise<number> {
    let count = 0;
    for (const call of calls) {
      const got = await stage.around(call, () => {
        count++;
        return answer;
      });
      expect(got).toEqual(answer);
    }
    return count;
  }

  const twice = (name: HandlerName) => [callTo(name, ann, { a: 1 }), callTo(name, ann, { a: 1 })];

  it('answers the second call of the same caller, and says so in its record', async () => {
    const calls = twice('own');
    expect(await runs({ b: 2 }, calls)).toBe(1);
    expect(calls.map(({ notes }) => notes)).toEqual([{ cache: 'computed' }, { cache: 'hit' }]);
  });

  it('leaves alone what is not declared', async () => {
    expect(await runs({ b: 2 }, twice('plain'))).toBe(2);
    expect(stage.around(callTo('plain', ann), () => 'at once')).toBe('at once');
  });

  it('does not mind the order in which arguments come', async () => {
    const calls = [
      callTo('own', ann, { a: 1, b: [{ c: 2, d: 3 }] }),
      callTo('own', ann, { b: [{ d: 3, c: 2 }], a: 1 }),
    ];
    expect(await runs(1, calls)).toBe(1);
  });

  it.each<[string, [HandlerName, Principal?][], number]>([
    [
      'each caller',
      [
        ['own', ann],
        ['own', ben],
      ],
      2,
    ],
    [
      'one caller, in another role',
      [
        ['own', ann],
        ['own', { ...ann, role: 'admin' }],
      ],
      2,
    ],
    [
      'one operation at two places',
      [
        ['own', ann],
        ['ownElsewhere', ann],
      ],
      2,
    ],
    [
      'a role',
      [
        ['ofRole', ann],
        ['ofRole', ben],
      ],
      1,
    ],
    [
      'two roles',
      [
        ['ofRole', ann],
        ['ofRole', { ...ben, role: 'admin' }],
      ],
      2,
    ],
    ['everybody', [['ofAll', ann], ['ofAll', { ...ben, role: 'admin' }], ['ofAll']], 1],
    ['nobody in particular', [['own'], ['own']], 2],
    ['no role', [['ofRole'], ['ofRole']], 2],
  ])('keeps answers of %s apart, or together', async (_, calls, expected) => {
    expect(
      await runs(
        1,
        calls.map(([name, principal]) => callTo(name, principal)),
      ),
    ).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['a failure of a tool', { $result: 'tool', content: [], isError: true }],
    ['a stream of events', new EventStream((async function* () {})())],
    ['a stream of bytes', Readable.from([])],
    ['bytes', Buffer.from('bytes')],
    ['nothing', undefined],
    ['a task', () => 'task'],
  ])('passes %s through', async (_, answer) => {
    expect(await runs(answer, twice('own'))).toBe(2);
  });

  it('gives nobody the failure that another caller waited for', async () => {
    let count = 0;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        stage.around(callTo('own', ann), async () => {
          const n = ++count;
          await delay(5);
          return { $result: 'tool', content: [n], isError: true };
        }),
      ),
    );
    expect(new Set(answers.map((answer) => (answer as { content: number[] }).content[0])).size).toBe(10);
  });

  it('keeps no answer for which the client was asked', async () => {
    let count = 0;
    for (const call of twice('own')) {
      await stage.around(call, () => {
        call.asked = true;
        return ++count;
      });
    }
    expect(count).toBe(2);
  });

  it('keeps what is masked', async () => {
    const secret = { text: 'my password is hunter2hunter2', password: 'hunter2hunter2' };
    for (const call of twice('own'))
      expect(JSON.stringify(await stage.around(call, () => secret))).not.toContain('hunter2');
  });

  it('ends answers with the revision of what they were made of', async () => {
    expect(await runs(1, twice('versioned'))).toBe(1);
    version.now = '2';
    expect(await runs(2, twice('versioned'))).toBe(1);
    version.now = new Error('unknown');
    expect(await runs(3, twice('versioned'))).toBe(2);
  });

  it('keeps NotFound where that is declared', async () => {
    let count = 0;
    for (const call of twice('versioned')) {
      const asked = stage.around(call, () => {
        count++;
        throw new NotFound('No such thing');
      });
      await expect(asked).rejects.toThrow(new NotFound('No such thing'));
    }
    expect(count).toBe(1);
  });
});

describe('what can not be cached', () => {
  it('stops the boot, and is named', async () => {
    @Injectable()
    class Bad {
      @Operation({ name: 'keys.create', permission: 'keys:write', revealsSecret: true })
      @Cached()
      secret(): void {}
      @Operation({ name: 'ingest', permission: 'conversations:write', event: 'ingested' })
      @Cached()
      event(): void {}
      @Operation({ name: 'long', permission: 'tools:call' })
      @Cached({ ttl: 90_000 })
      long(): void {}
      @Cached()
      undeclared(): void {}
    }
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule],
      providers: [CachedOperations, Bad],
    }).compile();
    await expect(module.init()).rejects.toThrow(
      /Bad\.secret.*reveals a secret\n.*Bad\.event.*change something\n.*Bad\.long.*86400 seconds\n.*Bad\.undeclared.*@Operation/,
    );
  });
});

/** Arguments that look alike, and that try to look like other parts of a key. */
const inputs = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      undefined,
      {},
      { a: 1 },
      { a: '1' },
      { a: [1] },
      { '': '' },
      { a: '","principal","ben' },
      { a: null },
      { '["principal","ann","employee"]': 1 },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'b'), fc.jsonValue({ maxDepth: 2 }), {
      noNullPrototype: true,
    }),
  },
);
const principals = fc.record({
  id: fc.constantFrom('ann', 'ben', 'ann","employee', 'public', 'role', ''),
  name: fc.constant('name'),
  role: fc.constantFrom(...roles),
  tier: fc.constant(undefined),
  keyId: fc.constant('k'),
});
const asking = fc.record({
  instance: fc.integer({ min: 0, max: 1 }),
  name: fc.constantFrom<HandlerName>('own', 'ownElsewhere', 'ofRole', 'ofAll', 'versioned'),
  principal: fc.option(principals, { nil: undefined, freq: 8 }),
  input: inputs,
  /** Turns of the event loop before it asks, and in its handler. */
  turns: fc.tuple(fc.nat(4), fc.nat(4)),
  invalidates: fc.oneof(
    { weight: 40, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom('tag', 'all', 'pattern') },
  ),
});

/** All that the answer may depend on, and nothing else. */
function ownAnswer(name: HandlerName, { principal, input = {} }: Call): unknown {
  const own = principal && [principal.id, principal.role];
  const holder = { ofRole: principal?.role, ofAll: 'all' }[name as string] ?? own;
  return maskValue(JSON.parse(JSON.stringify({ name, holder, input })) as unknown);
}

describe.each(['memory', 'Valkey'] as const)('no caller ever gets what is another’s, over %s', (place) => {
  const valkey = place === 'Valkey' ? useValkey() : undefined;
  const caches: OpenCache[] = [];
  const stages: CacheInterceptor[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 2; n++) {
      const open = await openCache({ ...(valkey && { VALKEY_URL: valkey().url }) });
      caches.push(open);
      stages.push((await stageBefore(open.cache)).stage);
    }
  });
  afterAll(async () => {
    for (const one of caches) await one[Symbol.asyncDispose]();
  });

  it('whoever asks what, in whatever order, of either instance', { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(fc.array(asking, { minLength: 20, maxLength: 80 }), async (all) => {
      await Promise.all(
        all.map(async ({ instance, name, principal, input, turns: [before, within], invalidates }) => {
          for (let n = 0; n < before; n++) await turn();
          if (invalidates === 'tag') await caches[instance]!.cache.invalidateTags(['tag']);
          if (invalidates === 'all') await caches[instance]!.cache.invalidateAll();
          if (invalidates === 'pattern') await caches[instance]!.cache.invalidatePattern('call:own*');
          const call = callTo(name, principal, input);
          const answer = await stages[instance]!.around(call, async () => {
            for (let n = 0; n < within; n++) await turn();
            return ownAnswer(name, call);
          });
          expect(answer).toEqual(ownAnswer(name, call));
        }),
      );
    });
    await fc.assert(property, { numRuns: place === 'memory' ? 400 : 120 });
    // It is the cache that has been tried, not the handlers.
    const [one, two] = caches.map(({ cache }) => cache.figures());
    expect(one!.hits_memory + one!.coalesced).toBeGreaterThan(100);
    expect(one!.hits_valkey + two!.hits_valkey).toBeGreaterThan(place === 'Valkey' ? 100 : -1);
  });
});
