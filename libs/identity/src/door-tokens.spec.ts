import { describe, expect, it } from 'vitest';
import { fixed, RotatingValue } from '#secrets';
import { DoorTokens } from './door-tokens.ts';

const WS = 'ws-token-0123456789-abcdefghijklmnopq';
const TCP = 'tcp-token-0123456789-abcdefghijklmnop';
const tokens = new DoorTokens({ ws: WS, tcp: TCP });

async function principalOf(credential: string) {
  const verdict = await tokens.judge(credential, 0);
  return verdict.proven ? verdict.principal : undefined;
}

describe('a token of a door', () => {
  it.each([
    ['ws', WS],
    ['tcp', TCP],
  ] as const)('opens its own door as a service: %s', async (door, token) => {
    const credential = tokens.exchange(door, token);
    expect(tokens.formOf(credential)).toBe('well-formed');
    expect(await principalOf(credential)).toMatchObject({ id: `${door}-token`, role: 'service' });
  });

  it('is itself no credential, and none at another door', async () => {
    expect(tokens.formOf(WS)).toBe('foreign');
    expect(tokens.exchange('tcp', WS)).toBe(WS);
    expect(tokens.exchange('rest', WS)).toBe(WS);
    expect(await principalOf(WS)).toBeUndefined();
  });

  it('is not what only looks like one that was exchanged', async () => {
    const credential = tokens.exchange('ws', WS);
    const other = credential.slice(0, -1) + (credential.endsWith('A') ? 'B' : 'A');
    expect(await principalOf(other)).toBeUndefined();
  });

  it('is there only where it is set', () => {
    expect(new DoorTokens({ ws: undefined, tcp: undefined }).exchange('ws', WS)).toBe(WS);
  });

  it('stands for as long as it is set, also for what goes on in its name', async () => {
    const principal = (await principalOf(tokens.exchange('ws', WS)))!;
    expect(tokens.vouchesFor(principal)).toBe(true);
    expect(await tokens.renew(principal, 0)).toMatchObject({ proven: true });
    const later = new DoorTokens({ ws: undefined, tcp: TCP });
    expect(await later.renew(principal, 0)).toMatchObject({ proven: false });
  });
});

it('is the new one at once when it rotates, and what the one before has let in is good no more', async () => {
  const live = new RotatingValue<unknown>(WS);
  const rotating = new DoorTokens(
    { ws: WS, tcp: undefined },
    { watch: ({ env }) => (env === 'WS_AUTH_TOKEN' ? live : fixed(undefined)) as never },
  );
  const before = rotating.exchange('ws', WS);
  live.set(TCP);
  live.tell();
  expect(rotating.exchange('ws', WS)).toBe(WS);
  expect(await rotating.judge(rotating.exchange('ws', TCP), 0)).toMatchObject({ proven: true });
  expect(await rotating.judge(before, 0)).toMatchObject({ proven: false });
});

it('gives whoever starts a process a credential that this process alone knows', async () => {
  const credential = tokens.issue('stdio', { id: 'local:ana', name: 'ana', role: 'employee' });
  expect(await principalOf(credential)).toMatchObject({ id: 'local:ana', role: 'employee' });
  const elsewhere = new DoorTokens({ ws: undefined, tcp: undefined });
  expect(await elsewhere.judge(credential, 0)).toMatchObject({ proven: false });
});
