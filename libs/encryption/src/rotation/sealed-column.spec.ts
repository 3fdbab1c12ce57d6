import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '#config';
import { jobsConfig, PgBossQueue } from '#jobs';
import type { Database, Tables } from '#persistence';
import { databases, useDatabase } from '#testing';
import { Envelope } from '../envelope.ts';
import { EncryptionKey } from '../keys/encryption-key.ts';
import { KeyRing } from '../keys/key-ring.ts';
import { KeyRotation } from './key-rotation.ts';
import { SealedColumn } from './sealed-column.ts';

const [former, next, lost] = Array.from({ length: 3 }, () => EncryptionKey.generate()) as [
  EncryptionKey,
  EncryptionKey,
  EncryptionKey,
];
const before = new Envelope(new KeyRing(former));
const after = new Envelope(new KeyRing(next, [former]));
const place = (row: string) => ({ table: 'seeds', column: 'seed', row });
const columnOf = (database: Database, envelope: Envelope) =>
  new SealedColumn(database, envelope, { table: 'seeds' as keyof Tables, column: 'seed', row: 'id' });

describe.each(databases)('a sealed column on $name', (kind) => {
  const database = useDatabase(kind);
  beforeAll(() => sql`create table seeds (id text primary key, seed text)`.execute(database().kysely));
  beforeEach(async () => {
    await sql`delete from seeds`.execute(database().kysely);
    await database().kysely.deleteFrom('encryption_keys').execute();
    // The newer key is the one in force.
    const canary = after.seal('gatehouse', { table: 'encryption_keys', column: 'canary', row: '1' });
    await database().kysely.insertInto('encryption_keys').values({ id: 1, canary }).execute();
  });

  async function keep(id: string, seed: string | null): Promise<void> {
    await sql`insert into seeds (id, seed) values (${id}, ${seed})`.execute(database().kysely);
  }
  async function seedOf(id: string): Promise<string> {
    const { rows } = await sql<{ seed: string }>`select seed from seeds where id = ${id}`.execute(
      database().kysely,
    );
    return rows[0]!.seed;
  }
  async function rotation(envelope: Envelope): Promise<KeyRotation & AsyncDisposable> {
    const queue = new PgBossQueue(database(), readConfig(jobsConfig, {}));
    const made = new KeyRotation(database(), envelope, queue);
    made.register(columnOf(database(), envelope));
    return Object.assign(made, { [Symbol.asyncDispose]: () => made.beforeApplicationShutdown() });
  }

  it('is sealed anew by the job, each value for its own row; what is not there stays not there', async () => {
    for (let n = 0; n < 25; n++) await keep(`u-${n}`, before.seal(`seed ${n}`, place(`u-${n}`)));
    await keep('none', null);
    await using rotating = await rotation(after);
    expect(await rotating.status()).toMatchObject({
      pending: 25,
      unknown: 0,
      counts: [{ rows_of: 'seeds.seed', key: former.id, state: 'previous', rows: 25 }],
    });
    expect(await rotating.begin()).toBe(true);
    await expect.poll(async () => (await rotating.status()).pending).toBe(0);
    const sealed = await seedOf('u-7');
    expect(sealed).toContain(next.id);
    expect(after.open(sealed, place('u-7'))).toBe('seed 7');
    expect(await rotating.begin()).toBe(false);
  });

  it('keeps what no key here opens, says how many they are, and seals the rest', async () => {
    await keep('a', new Envelope(new KeyRing(lost)).seal('gone', place('a')));
    await keep('b', before.seal('of another row', place('a')));
    await keep('c', before.seal('fine', place('c')));
    const column = columnOf(database(), after);
    expect(await column.reseal(undefined, 2)).toEqual({ done: 0, failed: 2, next: 'b' });
    expect(await column.reseal('b', 2)).toEqual({ done: 1, failed: 0, next: undefined });
    await using rotating = await rotation(after);
    expect(await rotating.status()).toMatchObject({ pending: 1, unknown: 1 });
    expect(await seedOf('a')).toContain(lost.id);
  });

  it('is left alone by who has another key in force', async () => {
    const older = new Envelope(new KeyRing(former, [next]));
    const sealed = after.seal('a seed', place('u'));
    await keep('u', sealed);
    await using rotating = await rotation(older);
    expect(await rotating.begin()).toBe(true);
    await expect.poll(async () => (await rotating.status()).running).toBe(false);
    expect(await seedOf('u')).toBe(sealed);
    expect(await rotating.status()).toMatchObject({ in_force: false });
  });

  it('does not lose what was written while it was sealed anew', async () => {
    await keep('u', before.seal('old', place('u')));
    const column = columnOf(database(), after);
    const written = after.seal('new', place('u'));
    await Promise.all([
      column.reseal(undefined, 10),
      sql`update seeds set seed = ${written} where id = 'u'`.execute(database().kysely),
    ]);
    expect(after.open(await seedOf('u'), place('u'))).toBe('new');
  });
});
