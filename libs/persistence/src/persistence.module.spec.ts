import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigModule } from '#config';
import { databases, type TestDatabase } from '#testing';
import { Database } from './database.ts';
import { DataFolder } from './folder/data-folder.ts';
import { PersistenceModule } from './persistence.module.ts';

@Injectable()
class LastWords implements OnApplicationShutdown {
  constructor(private readonly database: Database) {}

  async onApplicationShutdown(): Promise<void> {
    await sql`create table last_words (word text)`.execute(this.database.kysely);
  }
}

@Module({ providers: [LastWords] })
class ChattyModule {}

const compile = (env: Record<string, string>) =>
  Test.createTestingModule({
    imports: [PersistenceModule, ConfigModule.forRoot(env), ChattyModule],
  }).compile();

describe.each(databases)('the persistence module on $name', (kind) => {
  let created: TestDatabase;
  beforeEach(async () => {
    created = await kind.create();
  }, 600_000);
  afterEach(() => created.remove());

  it('gives a database that is ready, and closes it after everybody else has written', async () => {
    const app = await compile(created.env);
    await app.init();
    expect(app.get(DataFolder).path).toBe(created.env['DATA_DIR']);
    expect(app.get(Database).engine).toBe(kind.name === 'PGlite' ? 'pglite' : 'postgresql');
    await app.close();

    const again = await created.open();
    const { rows } = await sql`select to_regclass('last_words') as name`.execute(again.database.kysely);
    await again.close();
    expect(rows).toEqual([{ name: 'last_words' }]);
  });

  it('leaves the folder free when the database can not be opened', async () => {
    const unreachable = { ...created.env, DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/x' };
    await expect(compile(unreachable)).rejects.toThrow(
      "DATABASE_URL (me at 127.0.0.1:1/x) can't be used: nothing listens there",
    );
    await (await created.open()).close();
  });
});
