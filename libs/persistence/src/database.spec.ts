import { setTimeout as delay } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, useDatabase } from '#testing';
import type { Tables } from './tables/index.ts';

type Runner = Kysely<Tables> | Transaction<Tables>;

describe.each(databases)('the database on $name', (kind) => {
  const database = useDatabase(kind);
  beforeAll(() => sql`create table animals (name text primary key, legs integer)`.execute(database().kysely));
  beforeEach(() => sql`truncate animals`.execute(database().kysely));

  const add = (name: string, runner: Runner = database().kysely) =>
    sql`insert into animals values (${name}, 4)`.execute(runner);

  async function names(): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`select name from animals order by name`.execute(
      database().kysely,
    );
    return rows.map(({ name }) => name);
  }

  it('says which engine it is', () => {
    expect(database().engine).toBe(kind.name === 'PGlite' ? 'pglite' : 'postgresql');
  });

  it('runs the SQL of a library as it is: one statement with parameters, or several', async () => {
    expect(await database().run('select $1::text as name', ['cat'])).toEqual([{ name: 'cat' }]);
    const several = "begin; insert into animals values ('dog', 4) returning name; select 2 as n; commit";
    expect(await database().run(several)).toEqual([{ name: 'dog' }, { n: 2 }]);
    expect(await names()).toEqual(['dog']);
  });

  it('leaves no transaction open that broke off', async () => {
    const broken = "begin; insert into animals values ('cow', 4); select 1 / 0; commit";
    await expect(database().run(broken)).rejects.toMatchObject({ code: '22012' });
    await add('hen');
    expect(await names()).toEqual(['hen']);
  });

  it('knows whether there are vectors', async () => {
    const { rows } = await sql<{ found: string }>`
      select count(*) as found from pg_extension where extname = 'vector'`.execute(database().kysely);
    expect(database().vectors).toBe(rows[0]?.found === '1');
  });

  it('gives back what it was given', async () => {
    const time = new Date('2026-07-28T12:34:56.789Z');
    const value = { text: 'żółw 🐢 "quoted"', list: [1, null, true] };
    const { rows } = await sql`
      select ${time}::timestamptz as time, ${JSON.stringify(value)}::jsonb as value, ${[1, 2]}::int[] as list,
             ${'x'.repeat(200_000)}::text as long, 9007199254740993::int8 as big`.execute(database().kysely);
    expect(rows).toEqual([{ time, value, list: [1, 2], long: 'x'.repeat(200_000), big: '9007199254740993' }]);
  });

  it('says how many rows a statement changed', async () => {
    await add('cat');
    await add('dog');
    const changed = await sql`update animals set legs = 3`.execute(database().kysely);
    expect(changed.numAffectedRows).toBe(2n);
  });

  it('carries a large answer', async () => {
    const { rows } = await sql<{ text: string }>`
      select repeat('a', 1000) as text from generate_series(1, 5000)`.execute(database().kysely);
    expect(rows).toHaveLength(5000);
    expect(rows.at(-1)?.text).toHaveLength(1000);
  });

  it('keeps a transaction that ends well', async () => {
    await database()
      .kysely.transaction()
      .execute((transaction) => add('cat', transaction));
    expect(await names()).toEqual(['cat']);
  });

  it('keeps nothing of a transaction that fails, and the error with its SQLSTATE', async () => {
    const doubled = database()
      .kysely.transaction()
      .execute(async (transaction) => {
        await add('cat', transaction);
        await add('cat', transaction);
      });
    await expect(doubled).rejects.toMatchObject({ code: '23505', constraint: 'animals_pkey' });
    expect(await names()).toEqual([]);
  });

  it('goes on after a statement that was wrong', async () => {
    await expect(sql`select nonsense`.execute(database().kysely)).rejects.toMatchObject({ code: '42703' });
    await add('cat');
    expect(await names()).toEqual(['cat']);
  });

  it('serves many at once, each its own answer', async () => {
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    const answers = await Promise.all(
      numbers.map(async (number) => {
        const { rows } = await sql<{ n: number }>`select ${number}::int as n`.execute(database().kysely);
        return rows[0]?.n;
      }),
    );
    expect(answers).toEqual(numbers);
  });

  it('keeps transactions apart that run at once', async () => {
    await sql`insert into animals values ('octopus', 0)`.execute(database().kysely);
    const grow = () =>
      database()
        .kysely.transaction()
        .execute(async (transaction) => {
          const { rows } = await sql<{ legs: number }>`
          select legs from animals where name = 'octopus' for update`.execute(transaction);
          await sql`update animals set legs = ${(rows[0]?.legs ?? 0) + 1}`.execute(transaction);
        });
    await Promise.all(Array.from({ length: 8 }, grow));
    const { rows } = await sql`select legs from animals`.execute(database().kysely);
    expect(rows).toEqual([{ legs: 8 }]);
  });

  it('lets nothing of a value become part of the statement', async () => {
    const name = `'; drop table animals; --`;
    await add(name);
    expect(await names()).toEqual([name]);
  });

  it('lets one at a time through a lock', async () => {
    let inside = 0;
    let most = 0;
    const visit = () =>
      database().withLock('gate', async () => {
        most = Math.max(most, ++inside);
        await add(`visitor ${Math.random()}`);
        await delay(5);
        inside--;
      });
    await Promise.all(Array.from({ length: 12 }, visit));
    expect(most).toBe(1);
    expect(await names()).toHaveLength(12);
  });

  it('frees a lock whose work failed, and passes the error on', async () => {
    const fail = () => database().withLock('gate', () => Promise.reject(new Error('broken')));
    await expect(fail()).rejects.toThrow('broken');
    expect(await database().withLock('gate', async () => 'free')).toBe('free');
  });

  it('lets locks of other names be', async () => {
    const nested = database().withLock('one', () => database().withLock('two', async () => 'both'));
    expect(await nested).toBe('both');
  });
});
