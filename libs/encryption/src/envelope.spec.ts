import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CannotOpen } from './cannot-open.ts';
import { Envelope } from './envelope.ts';
import { EncryptionKey } from './keys/encryption-key.ts';
import { KeyRing } from './keys/key-ring.ts';

const place = { table: 'users', column: 'totp_seed', row: 'u-1' };
const TEXT = 'JBSWY3DPEHPK3PXP, naïvely 🔑';

const [first, second] = [EncryptionKey.generate(), EncryptionKey.generate()];
const before = new Envelope(new KeyRing(first));
const after = new Envelope(new KeyRing(second, [first]));
const stranger = new Envelope(new KeyRing(second));

const error = vi.spyOn(Logger.prototype, 'error');
beforeEach(() => void error.mockReset().mockReturnValue());

function expectRefusal(work: () => unknown): CannotOpen & { cause: Error } {
  const refusal = thrownBy(work);
  expect(refusal).toBeInstanceOf(CannotOpen);
  return refusal as CannotOpen & { cause: Error };
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

describe('a sealed text', () => {
  it.each(['', TEXT, 'x'.repeat(100_000)])('opens where it was sealed (%#)', (text) => {
    const sealed = before.seal(text, place);
    expect(sealed).toMatch(/^gs1\.[0-9a-f]{16}\.[\w-]+$/);
    expect(before.open(sealed, place)).toBe(text);
  });

  it('says which key sealed it and nothing of the text, and is another one each time', () => {
    const sealed = Array.from({ length: 50 }, () => before.seal(TEXT, place));
    expect(new Set(sealed).size).toBe(50);
    for (const one of sealed) {
      expect(one).toContain(`.${first.id}.`);
      expect(Buffer.from(one.split('.')[2]!, 'base64url').includes('JBSWY')).toBe(false);
    }
  });

  it.each([
    ['table', { ...place, table: 'clients' }],
    ['column', { ...place, column: 'name' }],
    ['row', { ...place, row: 'u-2' }],
    ['place whose parts only read the same', { table: 'users","totp_seed', column: 'u-1', row: '' }],
  ])('does not open in another %s', (_, elsewhere) => {
    const sealed = before.seal(TEXT, place);
    expect(expectRefusal(() => before.open(sealed, elsewhere)).cause.message).toContain('for another place');
  });

  it('does not open when any byte of it was changed, and never gives other text', () => {
    const sealed = before.seal(TEXT, place);
    const start = sealed.lastIndexOf('.') + 1;
    const bytes = Buffer.from(sealed.slice(start), 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expectRefusal(() => before.open(sealed.slice(0, start) + changed.toString('base64url'), place));
    }
  });

  it.each([
    '',
    'gs1',
    'plain text',
    `gs1.${first.id}.`,
    `gs1.${first.id}.AAAA`,
    `gs2.${first.id}.AAAA`,
    'gs1.x.y',
  ])('is not %j', (text) => void expectRefusal(() => before.open(text, place)));

  it('opens by a previous key, and is sealed by the one in force from then on', () => {
    expect(after.open(before.seal(TEXT, place), place)).toBe(TEXT);
    expect(after.seal(TEXT, place)).toContain(`.${second.id}.`);
    expect(after.keyId).toBe(second.id);
  });

  it('that another key sealed is told by the name of that key, in one line of the log a minute', () => {
    const sealed = before.seal(TEXT, place);
    for (let i = 0; i < 20; i++) {
      const refusal = expectRefusal(() => stranger.open(sealed, place));
      expect(refusal.code).toBe('UNAVAILABLE');
      expect(refusal.message).not.toMatch(/users|key/);
      expect(refusal.cause.message).toMatch(new RegExp(`users.totp_seed does not open: key ${first.id}`));
    }
    expect(error).toHaveBeenCalledTimes(1);
    expect(error).toHaveBeenCalledWith(expect.stringContaining(first.id));
  });

  it('does not open by its key id alone: that is no proof of a key', () => {
    const sealed = stranger.seal(TEXT, place).replace(second.id, first.id);
    expectRefusal(() => after.open(sealed, place));
  });
});

describe('an encryption key', () => {
  it('has an id that tells it apart and keys for each purpose that do not tell of each other', () => {
    expect(first.id).not.toBe(second.id);
    expect(first.keyFor('a')).toHaveLength(32);
    expect(first.keyFor('a')).toStrictEqual(first.keyFor('a'));
    expect(first.keyFor('a')).not.toStrictEqual(first.keyFor('b'));
    expect(() => new EncryptionKey(Buffer.alloc(16))).toThrow('32 bytes');
  });
});
