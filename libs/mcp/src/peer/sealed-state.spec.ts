import { afterEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import { RotatingValue, type Secrets } from '#secrets';
import { mcpConfig } from '../mcp.config.ts';
import { SealedState } from './sealed-state.ts';

const old = 'a'.repeat(32);
const binding = { principalId: 'p1', request: 'tools/call echo 12' };
const withSecrets = (env: Record<string, string>) => new SealedState(readConfig(mcpConfig, env));

describe('a sealed state', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const sealed = withSecrets({ REQUEST_STATE_SECRET: old });
  const text = sealed.seal({ step1: { name: 'Ann' } }, binding);

  it('opens for the same principal and the same request, on every replica with the secret', () => {
    const replica = withSecrets({ REQUEST_STATE_SECRET: old });
    expect(replica.open(text, binding)).toEqual({ step1: { name: 'Ann' } });
  });

  it('tells its keeper nothing, and is another each time', () => {
    expect(Buffer.from(text.split('.')[1]!, 'base64url').toString('latin1')).not.toContain('Ann');
    expect(sealed.seal({ step1: { name: 'Ann' } }, binding)).not.toBe(text);
  });

  it.each([
    ['another principal', { ...binding, principalId: 'p2' }],
    ['another request', { ...binding, request: 'tools/call echo 13' }],
  ])('does not open for %s', (_, other) => {
    expect(() => sealed.open(text, other)).toThrow(expect.objectContaining({ code: 'STATE_REFUSED' }));
  });

  it('does not open when any of its characters is another', () => {
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      expect(() => sealed.open(changed, binding)).toThrow(expect.objectContaining({ code: 'STATE_REFUSED' }));
    }
  });

  it.each(['', '.', 'x.y', `${text}-TAMPERED`, `${text}.`, `${text}=`, text.slice(0, 20)])(
    'is not %j',
    (other) => {
      expect(() => sealed.open(other, binding)).toThrow(expect.objectContaining({ code: 'STATE_REFUSED' }));
    },
  );

  it('expires', () => {
    vi.useFakeTimers({ now: Date.now() + 15 * 60_000 });
    expect(() => sealed.open(text, binding)).toThrow('has expired');
  });

  it('opens with the secret before the last change, and not with one that is forgotten', () => {
    const secret = 'b'.repeat(32);
    const changed = withSecrets({ REQUEST_STATE_SECRET: secret, REQUEST_STATE_PREVIOUS_SECRET: old });
    expect(changed.open(text, binding)).toBeTruthy();
    expect(changed.seal({}, binding).split('.')[0]).not.toBe(text.split('.')[0]);
    expect(() => withSecrets({ REQUEST_STATE_SECRET: secret }).open(text, binding)).toThrow(
      'was not made here',
    );
    expect(() => withSecrets({}).open(text, binding)).toThrow('was not made here');
  });

  it('opens with the secret before a change under way, and is sealed with the new one', () => {
    const secret = new RotatingValue<unknown>(old);
    const none = new RotatingValue<unknown>(undefined);
    const watch = ({ env }: { env: string }) => (env === 'REQUEST_STATE_SECRET' ? secret : none);
    const running = new SealedState(readConfig(mcpConfig, {}), { watch } as unknown as Secrets);
    const [before, changed] = [running.seal({ step: 1 }, binding), 'b'.repeat(32)];
    secret.set(changed);
    secret.tell();
    expect(running.open(before, binding)).toEqual({ step: 1 });
    const replica = withSecrets({ REQUEST_STATE_SECRET: changed });
    expect(replica.open(running.seal({ step: 2 }, binding), binding)).toEqual({ step: 2 });
  });
});
