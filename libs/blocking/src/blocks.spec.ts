import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, refusedBy, allowed, type Principal } from '#call';
import { readConfig } from '#config';
import { CredentialExpired, CredentialMissing, CredentialUnknown, GatehouseError, NotFound } from '#errors';
import { bearerToken, type CallerProof } from '#identity';
import { scratchFolder, type ScratchFolder } from '#testing';
import { AddressList } from './address-list.ts';
import { BlockGate } from './block-gate.ts';
import { BlockRecorder } from './block-recorder.ts';
import { blockingConfig } from './blocking.config.ts';
import { Blocks } from './blocks.ts';

const logged = [vi.spyOn(Logger.prototype, 'warn'), vi.spyOn(Logger.prototype, 'error')];
beforeEach(() => logged.forEach((spy) => spy.mockReset().mockImplementation(() => {})));

type Event = { event: string; ip?: string; notes?: Record<string, unknown> };

const ana: Principal = { id: 'ana', name: 'ana', role: 'service', tier: 'free', keyId: 'k1' };
const ben: Principal = { ...ana, id: 'ben' };
const keys = new Map([
  ['ana-key', ana],
  ['ben-key', ben],
]);
/** Knows two keys, the one at once and the other after a look into the store. */
const caller = {
  offered: ({ authorization }: Call) => authorization !== undefined,
  prove({ authorization }: Call): Principal | Promise<Principal> {
    const principal = keys.get(bearerToken(authorization));
    if (!principal) throw new CredentialUnknown();
    return principal === ana ? principal : Promise.resolve(principal);
  },
} as unknown as CallerProof;

function call(address: string, key?: string): Call {
  const authorization = key === undefined ? undefined : `Bearer ${key}`;
  return new Call({ door: 'rest', address, authorization });
}

async function seen({ gate }: { gate: BlockGate }, address: string, key?: string): Promise<string> {
  const blocked = gate.find(address);
  if (!blocked) return 'free';
  return (await gate.refusalOf(call(address, key), blocked)) ? 'refused' : 'let in';
}
function guess(
  { recorder }: { recorder: BlockRecorder },
  address: string,
  times = 3,
  error: Error = new CredentialUnknown(),
) {
  for (let time = 0; time < times; time++) recorder.record(call(address), refusedBy(error));
}

describe('Blocks', () => {
  let folder: ScratchFolder;
  let events: Event[];
  let journalIsDown: boolean;
  let open: Blocks[];
  beforeEach(async () => {
    folder = await scratchFolder();
    [events, open, journalIsDown] = [[], [], false];
  });
  afterEach(async () => {
    await Promise.all(open.map((blocks) => blocks.close()));
    await folder.remove();
  });

  function house(env: Record<string, string> = {}) {
    const audit = {
      event: async (event: Event) => {
        if (journalIsDown) throw new GatehouseError('UNAVAILABLE', 'down');
        events.push(event);
      },
    };
    const settings = readConfig(blockingConfig, env);
    const blocks = new Blocks({ settings, folder: folder.path, audit });
    open.push(blocks);
    return { blocks, gate: new BlockGate(blocks, caller), recorder: new BlockRecorder(blocks) };
  }
  it('counts what is wrong with strangers, and nothing else', async () => {
    const here = house({ MAX_REFUSED_CALLS: '5' });
    guess(here, '192.0.2.1', 3, new CredentialMissing());
    guess(here, '192.0.2.2', 4, new CredentialExpired('expired'));
    guess(here, '192.0.2.3', 9, new GatehouseError('INTERNAL', 'our fault'));
    guess(here, '192.0.2.3', 9, new GatehouseError('CANCELLED', 'gone'));
    expect(
      here.gate.find('192.0.2.1') ?? here.gate.find('192.0.2.2') ?? here.gate.find('192.0.2.3'),
    ).toBeUndefined();
    guess(here, '192.0.2.1', 2, new NotFound('x'));
    expect(await seen(here, '192.0.2.1')).toBe('refused');
  });

  it('holds against a caller that it knows only what is over its own limits', async () => {
    const here = house({ MAX_REFUSED_CALLS: '5' });
    const limited = (
      principal: Principal,
      name: string,
      code: 'RATE_LIMITED' | 'INVALID_INPUT' = 'RATE_LIMITED',
    ) => {
      const own = call('192.0.2.1');
      own.principal = principal;
      own.limits = { allowed: false, name, limit: 1, remaining: 0, reset: 1, retryAfter: 1 };
      for (let time = 0; time < 6; time++)
        here.recorder.record(own, refusedBy(new GatehouseError(code, 'no')));
    };
    limited(ana, 'global');
    limited(ana, 'client', 'INVALID_INPUT');
    expect(here.gate.find('192.0.2.1')).toBeUndefined();
    limited(ana, 'client');
    expect(await seen(here, '192.0.2.1', 'ana-key')).toBe('refused');
    expect(await seen(here, '192.0.2.1', 'ben-key')).toBe('let in');
    expect(await seen(here, '192.0.2.1')).toBe('let in');
    expect(await seen(here, '192.0.2.1', 'no-key')).toBe('let in');
    expect(await seen(here, '192.0.2.2', 'ana-key')).toBe('free');
  });

  it('never lets a manual block be passed, and lets an automatic one be by a good key where one was seen', async () => {
    const here = house();
    const good = call('192.0.2.1', 'ana-key');
    good.principal = ana;
    here.recorder.record(good, allowed(good, 200));
    guess(here, '192.0.2.1');
    guess(here, '192.0.2.2');
    expect(await seen(here, '192.0.2.1', 'ana-key')).toBe('let in');
    expect(await seen(here, '192.0.2.1', 'ben-key')).toBe('let in');
    expect(await seen(here, '192.0.2.1', 'other')).toBe('refused');
    expect(await seen(here, '192.0.2.2', 'ana-key')).toBe('refused');
    here.blocks.add({ address: '192.0.2.1', by: 'root', from: '192.0.2.9' });
    expect(await seen(here, '192.0.2.1', 'ana-key')).toBe('refused');
  });

  it('cuts connections once a hundred attempts were told why, unless a good key may come', async () => {
    const here = house();
    guess(here, '192.0.2.1');
    expect(here.gate.cuts('192.0.2.1')).toBe(false);
    for (let time = 0; time < 100; time++) await seen(here, '192.0.2.1');
    expect([here.gate.cuts('192.0.2.1'), here.gate.cuts('192.0.2.2'), here.gate.cuts(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
    here.blocks.vouch('192.0.2.3');
    guess(here, '192.0.2.3');
    for (let time = 0; time < 150; time++) await seen(here, '192.0.2.3');
    expect(here.gate.cuts('192.0.2.3')).toBe(false);
  });

  it('records attempts in one record, when the journal is there, and loses none', async () => {
    const here = house({ BLOCK_DURATION: '1000' });
    guess(here, '192.0.2.1');
    for (let time = 0; time < 7; time++) await seen(here, '192.0.2.1');
    await here.blocks.sweep();
    expect(events).toHaveLength(1);
    journalIsDown = true;
    await sleep(1_050);
    await here.blocks.sweep();
    expect(here.gate.find('192.0.2.1')).toBeUndefined();
    journalIsDown = false;
    await here.blocks.close();
    expect(events.slice(1)).toMatchObject([
      { event: 'blocked_connection', ip: '192.0.2.1', notes: { attempts: 7 } },
    ]);
  });

  it('does nothing by itself when told so, and all that an administrator wants', async () => {
    const here = house({ AUTO_BLOCK_ENABLED: 'false' });
    guess(here, '192.0.2.1', 50);
    expect(here.gate.find('192.0.2.1')).toBeUndefined();
    here.blocks.add({ address: '192.0.2.1', by: 'root', from: '192.0.2.9' });
    expect(await seen(here, '192.0.2.1')).toBe('refused');
  });

  it('takes all whose address is not known for nobody', async () => {
    const here = house();
    guess(here, 'unknown', 10);
    expect(here.blocks.size).toBe(0);
  });

  it('has its blocks again after a restart, and after a crash', async () => {
    const first = house();
    guess(first, '192.0.2.1');
    first.blocks.add({ address: '2001:db8::1', by: 'root', from: '192.0.2.9' });
    await first.blocks.close();
    const second = house();
    expect(second.blocks.list().map(({ network }) => network)).toEqual(
      expect.arrayContaining(['192.0.2.1', '2001:db8::/64']),
    );
    guess(second, '192.0.2.3');
    // Not closed: it has crashed.
    await expect
      .poll(() => readFileSync(join(folder.path, 'blocks.json'), 'utf8'), { timeout: 20_000 })
      .toContain('192.0.2.3');
    expect(house().blocks.size).toBe(3);
  });

  it.each(['no JSON', '{"blocks":[1,{"network":4},null,{}]}', '[]', ''])(
    'starts with a file that says %s',
    (text) => {
      writeFileSync(join(folder.path, 'blocks.json'), text);
      expect(house().blocks.size).toBe(0);
    },
  );

  it('does not grow without bound, whoever is behind it', async () => {
    const here = house({ MAX_FAILED_ATTEMPTS: '1' });
    for (let index = 0; index < 60_000; index++)
      here.blocks.offence(`198.${18 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`, 'authentication');
    expect(here.blocks.size).toBe(50_000);
    expect(here.blocks.networks.size).toBe(50_000);
    expect(logged[0]!.mock.calls.length).toBeLessThanOrEqual(30);
  });
});

describe('AddressList', () => {
  const list = new AddressList().add(['192.0.2.1', '10.0.0.0/8', '2001:db8::/32', '::1']);

  it.each([
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '10.9.9.9',
    '::ffff:10.1.1.1',
    '2001:db8:1::1',
    '::1',
    '2001:db8::1%eth0',
  ])('has %s', (address) => {
    expect(list.has(address)).toBe(true);
  });
  it.each(['192.0.2.2', '11.0.0.1', '2001:db9::1', '::2', '', 'unknown', '10.0.0.0/8'])(
    'has not "%s"',
    (address) => {
      expect(list.has(address)).toBe(false);
    },
  );
});
