import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { gatehouse } from '../../../test/support/run.ts';

describe.each(databases)('gatehouse migrate, on $name', (kind) => {
  it('makes the tables of an empty database, and finds nothing to do the second time', async () => {
    const database = await kind.create();
    const says = new RegExp(`^The database is up to date: ${kind.name.toLowerCase()}, with`, 'm');
    for (let time = 0; time < 2; time++) {
      const { code, out, err } = await gatehouse(['migrate'], { env: { ...database.env } });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(says);
    }
    await database.remove();
  });

  it('refuses a database of a later version, so that nothing is rolled out on it', async () => {
    const database = await kind.create();
    const opened = await database.open();
    await sql`insert into gatehouse_migrations (name, timestamp) values ('999-later', 'now')`.execute(
      opened.database.kysely,
    );
    await opened.close();

    const { code, err } = await gatehouse(['migrate'], { env: { ...database.env } });
    expect(code).toBe(1);
    expect(err).toContain('The database is newer than this program: it has 999-later');
    await database.remove();
  });
});
