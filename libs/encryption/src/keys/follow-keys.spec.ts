import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, readConfig } from '#config';
import { databases, useOpenDatabase } from '#testing';
import { indexPlace, Marker, openBlindIndex } from '../blind-index.ts';
import { CannotOpen } from '../cannot-open.ts';
import { encryptionConfig } from '../encryption.config.ts';
import { Envelope } from '../envelope.ts';
import { followKeys } from './follow-keys.ts';
import { openKeyRing } from './open-key-ring.ts';

const [ONE, TWO, THREE] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const place = { table: 'users', column: 'totp_seed', row: 'u-1' };

describe('an encryption key that rotates under way', () => {
  const opened = useOpenDatabase(databases[0]!);
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  beforeEach(async () => {
    await opened().database.kysely.deleteFrom('encryption_keys').execute();
  });

  /** A process that runs, and how it is offered another key: it answers why that is not used. */
  async function running(key: Buffer, previousKeys: readonly Buffer[] = []) {
    const settings = { ...readConfig(encryptionConfig, {}), key, previousKeys };
    const ring = await openKeyRing(settings, opened().database, opened().folder);
    const envelope = new Envelope(ring);
    let rotate!: (next: Buffer, previous: readonly Buffer[]) => Promise<string | undefined>;
    const secrets = {
      adopt: (adoption: unknown) => void (rotate = (adoption as { adopt: typeof rotate }).adopt),
    };
    followKeys(ring, { config: settings, secrets, database: opened().database });
    return { ring, envelope, rotate, before: envelope.keyId };
  }

  it('seals at once, opens what the one before has sealed, and tells whoever has it sealed anew', async () => {
    const { envelope, rotate, before } = await running(ONE);
    const told = vi.fn<() => void>();
    envelope.onKeyChange(told);
    const sealed = envelope.seal('a seed', place);
    expect(await rotate(TWO, [ONE])).toBeUndefined();
    expect(told).toHaveBeenCalledOnce();
    expect(envelope.keyId).not.toBe(before);
    expect(envelope.open(sealed, place)).toBe('a seed');
    expect(envelope.seal('a seed', place)).toContain(`.${envelope.keyId}.`);
  });

  it('leaves what a start needs sealed by itself, so that the next one does without the one before', async () => {
    const { envelope, rotate, before } = await running(ONE);
    // Of a database from when marks had a key of their own.
    const index_key = envelope.seal(THREE.toString('base64'), indexPlace);
    await opened().database.kysely.updateTable('encryption_keys').set({ index_key }).execute();
    await rotate(TWO, [ONE]);
    expect(envelope.keyId).not.toBe(before);
    const next = await running(TWO);
    const index = await openBlindIndex(opened().database, next.envelope, next.ring);
    const former = new Marker('', THREE).mark('word', 'parcel');
    expect((await index.known()).map((marker) => marker.mark('word', 'parcel'))).toContain(former);
    await expect(running(ONE)).rejects.toThrow(ConfigError);
  });

  it('marks by the new one from then on, and looks for what the one before has marked', async () => {
    const { envelope, ring, rotate, before } = await running(ONE);
    const index = await openBlindIndex(opened().database, envelope, ring);
    const mark = index.current.mark('word', 'parcel');
    await rotate(TWO, [ONE]);
    expect(envelope.keyId).not.toBe(before);
    expect(index.current.mark('word', 'parcel')).not.toBe(mark);
    const known = (await index.known()).map((marker) => marker.mark('word', 'parcel'));
    expect(known.toSorted()).toEqual([mark, index.current.mark('word', 'parcel')].toSorted());
  });

  it('looks for nothing while another replica marks by a key that is not here, and waits a moment for it', async () => {
    const [first, second] = [await running(ONE), await running(ONE)];
    const index = await openBlindIndex(opened().database, second.envelope, second.ring);
    await first.rotate(TWO, [ONE]);
    expect(first.envelope.keyId).not.toBe(first.before);
    await expect(index.known()).rejects.toThrow(CannotOpen);
    second.ring.onUnknown = () => void second.rotate(TWO, [ONE]);
    const known = await index.known();
    expect(known.map(({ keyId }) => keyId).toSorted()).toEqual([...second.ring.ids].toSorted());
    expect(second.ring.ids).toContain(first.envelope.keyId);
  });

  it.each<[string, Buffer[]]>([
    ['nothing', []],
    ['another', [THREE]],
  ])('is not used when %s is said to have been before, and says which key it was', async (_, previous) => {
    const { envelope, rotate, before } = await running(ONE);
    expect(await rotate(TWO, previous)).toContain(`hold the one before, key ${before}`);
    expect(envelope.keyId).toBe(before);
    await expect(running(ONE)).resolves.toBeDefined();
  });

  it('is used once its second half has come: two files are never written at the same time', async () => {
    const { envelope, rotate, before } = await running(ONE);
    expect(await rotate(TWO, [])).toBeDefined();
    await rotate(TWO, [ONE]);
    expect(envelope.keyId).not.toBe(before);
  });

  it('opens what another replica has sealed by it already, once it is told of that key', async () => {
    const [first, second] = [await running(ONE), await running(ONE)];
    const asked = vi.fn<() => void>();
    second.ring.onUnknown = asked;
    await first.rotate(TWO, [ONE]);
    expect(first.envelope.keyId).not.toBe(first.before);
    const sealed = first.envelope.seal('a seed', place);
    expect(() => second.envelope.open(sealed, place)).toThrow(CannotOpen);
    expect(asked).toHaveBeenCalledOnce();
    await second.rotate(TWO, [ONE]);
    expect(second.envelope.keyId).toBe(first.envelope.keyId);
    expect(second.envelope.open(sealed, place)).toBe('a seed');
  });
});
