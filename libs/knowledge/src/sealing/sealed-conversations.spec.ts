import { randomBytes } from 'node:crypto';
import { Logger, type INestApplicationContext } from '@nestjs/common';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EncryptionKey, Envelope, KeyRotation, Marker } from '#encryption';
import { databases, useDatabase } from '#testing';
import { KnowledgeService } from '../knowledge.service.ts';
import { Persons } from '../persons/persons.service.ts';
import { callOfAnn as call, openKnowledge } from '../testing/open-knowledge.ts';

const [ONE, OTHER] = [EncryptionKey.generate(), EncryptionKey.generate()];
const sealed = { ENCRYPT_AT_REST: 'true', ENCRYPTION_KEY: ONE.toText() };
const inClear = { ENCRYPTION_KEY: ONE.toText() };
const rotated = {
  ENCRYPT_AT_REST: 'true',
  ENCRYPTION_KEY: OTHER.toText(),
  ENCRYPTION_PREVIOUS_KEYS: ONE.toText(),
};

const parcel = {
  scenario_title: 'Zanzibar shipment',
  original_title: 'Lost quokka',
  url: 'https://example.com/wombat',
  messages: [
    { text: 'Where is my marmalade parcel?', author_name: 'Philomena', author_type: 'human' },
    { text: 'At the post office in Timbuktu.', author_name: 'Barnaby', author_type: 'assistant' },
  ],
};
/** All that a thief of the disk should look for in vain; words in the form in which they are indexed. */
const SECRETS = /zanzibar|shipment|quokka|wombat|marmalad|philomena|timbuktu|barnabi|barnaby/i;

const ingest = (knowledge: KnowledgeService, ...ids: string[]) =>
  Promise.all(ids.map((conversation_id) => knowledge.ingest({ ...parcel, conversation_id }, call)));
const found = async (knowledge: KnowledgeService, query: string, filters = {}) => {
  const { results } = await knowledge.search({ query, top_k: 10, filters, include_metadata: true }, call);
  return results.map(({ chunk_id, text, score, author_name, metadata }) => ({
    chunk_id,
    text,
    score,
    author_name,
    title: metadata?.scenario_title,
  }));
};
async function settled(rotation: KeyRotation): Promise<void> {
  await expect.poll(async () => (await rotation.status()).pending).toBe(0);
}

describe.each(databases)('sealed conversations on $name', (kind) => {
  const database = useDatabase(kind);
  const log = vi.spyOn(Logger.prototype, 'error');

  beforeEach(async () => {
    log.mockReset().mockReturnValue();
    await database().kysely.deleteFrom('conversations').execute();
    await database().kysely.deleteFrom('encryption_keys').execute();
  });

  /** The module with these settings, for as long as `work` takes. */
  async function during<T>(
    env: Record<string, string>,
    work: (knowledge: KnowledgeService, rotation: KeyRotation, app: INestApplicationContext) => Promise<T>,
  ): Promise<T> {
    const app = await openKnowledge(database(), env);
    try {
      return await work(app.get(KnowledgeService), app.get(KeyRotation), app);
    } finally {
      await app.close();
    }
  }

  /** What of these a dump of the database has: every row of every table, but those that say which jobs there are. */
  const dumped = async (words: RegExp) => words.exec(await dump())?.[0];
  async function dump(): Promise<string> {
    const { rows: tables } = await sql<{ name: string }>`
      select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(database().kysely);
    const texts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await sql<{ line: string }>`select t::text as line from ${sql.raw(name)} t`.execute(
        database().kysely,
      );
      texts.push(...rows.map(({ line }) => line));
    }
    return texts.join('\n');
  }

  const marks = async () => {
    const rows = await database().kysely.selectFrom('conversation_terms').select('term').distinct().execute();
    return new Set(rows.map(({ term }) => term));
  };

  it('leave nothing to read in a dump of the database', async () => {
    await during(inClear, async (knowledge) => void (await ingest(knowledge, 'plain')));
    expect(await dumped(SECRETS)).toBeDefined();
    await database().kysely.deleteFrom('conversations').execute();
    await during(sealed, async (knowledge) => void (await ingest(knowledge, 'c-1')));
    expect(await dumped(/c-1/)).toBeDefined();
    expect(await dumped(SECRETS)).toBeUndefined();
  });

  it('are sealed later, with all that was there, and found as before with the very same scores', async () => {
    const before = await during(inClear, async (knowledge) => {
      await ingest(knowledge, 'c-1', 'c-2', 'c-3');
      return found(knowledge, 'parcels in Timbuktu');
    });
    await during(sealed, async (knowledge, rotation) => {
      await settled(rotation);
      expect(await found(knowledge, 'parcels in Timbuktu')).toEqual(before);
      expect(await knowledge.get({ conversation_id: 'c-2' })).toMatchObject({
        scenario_title: parcel.scenario_title,
        url: parcel.url,
        chunks: [{ text: parcel.messages[0]!.text, author_name: 'Philomena' }, { author_name: 'Barnaby' }],
      });
      expect(await rotation.status()).toMatchObject({
        key: ONE.id,
        in_force: true,
        unknown: 0,
        counts: [{ rows_of: 'conversations', key: ONE.id, state: 'current', rows: 3 }],
      });
    });
    expect(await dumped(SECRETS)).toBeUndefined();
  });

  it('are found beside those in clear, by one ranking, and by filters too', async () => {
    await during(sealed, async (knowledge) => void (await ingest(knowledge, 'sealed')));
    await during(inClear, async (knowledge, rotation) => {
      await ingest(knowledge, 'clear');
      const [first, second] = await found(knowledge, 'marmalade');
      expect([first!.chunk_id, second!.chunk_id].sort()).toEqual(['clear#1', 'sealed#1']);
      expect(first!.score).toBe(second!.score);
      for (const filters of [{ author_name: 'Philomena' }, { scenario_title: 'Zanzibar shipment' }])
        expect(await found(knowledge, 'marmalade', filters)).toHaveLength(2);
      expect(await found(knowledge, 'marmalade', { author_name: 'Barnaby' })).toEqual([]);
      // Turned off, nothing is unsealed, and nothing is sealed.
      expect(await rotation.status()).toMatchObject({
        pending: 0,
        counts: [
          { key: ONE.id, state: 'current', rows: 1 },
          { key: null, state: 'open', rows: 1 },
        ],
      });
    });
  });

  it('are sealed anew after a rotation, a batch at a time, and are then under the new key alone', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `c-${i}`);
    await during(sealed, async (knowledge) => void (await ingest(knowledge, ...ids)));
    await during(rotated, async (knowledge, rotation) => {
      await settled(rotation);
      expect(await rotation.status()).toMatchObject({
        counts: [{ key: OTHER.id, state: 'current', rows: 60 }],
      });
      expect(await found(knowledge, 'Timbuktu')).toHaveLength(10);
    });
    expect(await dumped(new RegExp(ONE.id))).toBeUndefined();
    await during({ ...rotated, ENCRYPTION_PREVIOUS_KEYS: '' }, async (knowledge) => {
      expect(await found(knowledge, 'marmalade', { conversation_id: 'c-7' })).toMatchObject([
        { text: parcel.messages[0]!.text },
      ]);
    });
  });

  it('are found at any moment while their words are marked anew, beside writers', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `c-${i}`);
    await during(sealed, async (knowledge) => void (await ingest(knowledge, ...ids)));
    const before = await marks();
    await during(rotated, async (knowledge, rotation) => {
      const through = new AbortController();
      const ended = settled(rotation).finally(() => through.abort());
      let searches = 0;
      const filters = { author_name: 'Philomena', scenario_title: 'Zanzibar shipment' };
      do {
        const id = ids[searches++ % ids.length]!;
        expect(await found(knowledge, 'Timbuktu', { conversation_id: id })).toHaveLength(1);
        expect(await found(knowledge, 'marmalade', { conversation_id: id, ...filters })).toHaveLength(1);
        await ingest(knowledge, id);
      } while (!through.signal.aborted);
      await ended;
      expect(await found(knowledge, 'Timbuktu')).toHaveLength(10);
    });
    const after = await marks();
    expect(after.size).toBe(before.size);
    expect([...after].filter((mark) => before.has(mark))).toEqual([]);
    // The key before is not needed any more.
    await during({ ...rotated, ENCRYPTION_PREVIOUS_KEYS: '' }, async (knowledge) => {
      expect(
        await found(knowledge, 'Timbuktu', { author_name: 'Barnaby', conversation_id: 'c-9' }),
      ).toHaveLength(1);
    });
  });

  it('that were marked by a key of its own, as once all were, are found, and marked anew', async () => {
    const own = randomBytes(32);
    const words = await during(inClear, async (knowledge) => {
      await ingest(knowledge, 'c-1');
      return [...(await marks())];
    });
    await database().kysely.deleteFrom('conversations').execute();
    const [former, now] = [new Marker('', own), new Marker(ONE.id, ONE.keyFor('blind index'))];
    await during(sealed, async (knowledge, _, app) => {
      await ingest(knowledge, 'c-1', 'c-2');
      const { kysely } = database();
      for (const word of words)
        await kysely
          .updateTable('conversation_terms')
          .set({ term: former.mark('word', word) })
          .where('term', '=', now.mark('word', word))
          .execute();
      const place = { table: 'encryption_keys', column: 'index_key', row: '1' };
      const index_key = app.get(Envelope).seal(own.toString('base64'), place);
      await kysely.updateTable('encryption_keys').set({ index_key }).execute();
      await kysely.updateTable('conversations').set({ sealed_by: ONE.id }).execute();
    });
    expect([...(await marks())].toSorted()).toEqual(
      words.map((word) => former.mark('word', word)).toSorted(),
    );
    await during(sealed, async (knowledge, rotation) => {
      expect(await found(knowledge, 'Timbuktu')).toHaveLength(2);
      await settled(rotation);
      expect(await found(knowledge, 'Timbuktu')).toHaveLength(2);
      const { index_key } = await database()
        .kysely.selectFrom('encryption_keys')
        .select('index_key')
        .executeTakeFirstOrThrow();
      expect(index_key).toBeNull();
    });
    expect([...(await marks())].toSorted()).toEqual(words.map((word) => now.mark('word', word)).toSorted());
  });

  it('under a key that is lost are not passed over when a person is to be forgotten', async () => {
    await during(sealed, async (knowledge) => void (await ingest(knowledge, 'c-1')));
    await database()
      .kysely.updateTable('conversations')
      .set({ sealed_by: `${OTHER.id}.marked` })
      .execute();
    await during(sealed, async (_, rotation, app) => {
      expect(await rotation.status()).toMatchObject({ unknown: 1 });
      const erasing = app.get(Persons).erase({ author_name: 'Philomena', keep_texts: false }, call);
      await expect(erasing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(log).toHaveBeenCalledWith(
        expect.stringContaining('1 rows are sealed by keys that are not here'),
      );
    });
  });

  it('are left alone by a process whose key is not the one that was put in force last', async () => {
    await during(sealed, async (knowledge, rotation) => {
      await ingest(knowledge, 'c-1');
      await during(rotated, async (_, newer) => settled(newer));
      expect(await rotation.status()).toMatchObject({ key: ONE.id, in_force: false, unknown: 1 });
      await expect(knowledge.get({ conversation_id: 'c-1' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(log).toHaveBeenCalledWith(expect.stringContaining(`key ${OTHER.id} sealed it`));
    });
    expect(await dumped(new RegExp(OTHER.id))).toBeDefined();
  });

  it('that were tampered with are told, stay as they are, and hold nobody up', async () => {
    await during(sealed, async (knowledge) => void (await ingest(knowledge, 'c-1', 'c-2', 'c-3')));
    const { kysely } = database();
    const chunksOf = (id: string) =>
      kysely
        .selectFrom('conversation_chunks')
        .select(['text', 'author_name'])
        .where('conversation', '=', (that) =>
          that.selectFrom('conversations').select('seq').where('id', '=', id),
        )
        .where('position', '=', 1)
        .executeTakeFirstOrThrow();
    // A text of one conversation in another, which the one who writes in the database may well read.
    await kysely
      .updateTable('conversation_chunks')
      .set(await chunksOf('c-3'))
      .where('position', '=', 1)
      .where('conversation', '=', (that) =>
        that.selectFrom('conversations').select('seq').where('id', '=', 'c-2'),
      )
      .execute();
    await during(rotated, async (knowledge, rotation) => {
      await expect.poll(async () => (await rotation.status()).pending).toBe(1);
      await expect(knowledge.get({ conversation_id: 'c-2' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await knowledge.get({ conversation_id: 'c-3' })).toMatchObject({
        chunks: [{ author_name: 'Philomena' }, {}],
      });
      expect(log).toHaveBeenCalledWith(expect.stringMatching(/conversation_chunks.text does not open/));
      await expect
        .poll(() => log.mock.calls.flat().join('\n'))
        .toContain('conversations: 1 rows do not open, and stay sealed');
    });
  });

  it('take the place of texts that only look sealed', async () => {
    const looks = `gs1.${ONE.id}.AAAA`;
    await during(inClear, async (knowledge) => {
      await knowledge.ingest({ conversation_id: 'sly', content: looks, scenario_title: looks }, call);
      expect(await knowledge.get({ conversation_id: 'sly' })).toMatchObject({ chunks: [{ text: looks }] });
    });
    await during(sealed, async (knowledge, rotation) => {
      await settled(rotation);
      expect(await knowledge.get({ conversation_id: 'sly' })).toMatchObject({
        scenario_title: looks,
        chunks: [{ text: looks }],
      });
    });
  });
});
