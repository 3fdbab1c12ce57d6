import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases, type DatabaseKind, type TestDatabase } from '#testing';
import { journalOf } from './support/audit-records.ts';
import { ADMIN_KEY, bootGateway, useGateway } from './support/gateway.ts';
import { gatehouse } from './support/run.ts';

const [ONE, OTHER] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
const NAME = 'Philomena Quill';
const conversation = {
  conversation_id: 'c-1',
  scenario_title: 'Zanzibar shipment',
  messages: [
    { author_name: NAME, text: 'Where is my marmalade parcel?' },
    { author_name: 'Bo', text: 'The parcel waits in Timbuktu.' },
  ],
};
const SECRETS = /zanzibar|philomena|marmalad|timbuktu/i;

interface Status {
  pending: number;
  counts: { rows_of: string; key: string | null; state: string; rows: number }[];
}
interface SearchBody {
  results: { text: string; author_name: string | null }[];
}

/** The same database for one gateway after another; removed with the last. */
async function keptDatabase(
  kind: DatabaseKind,
): Promise<{ kind: DatabaseKind; remove: () => Promise<void> }> {
  const database = await kind.create();
  const kept: TestDatabase = { ...database, remove: async () => {} };
  return { kind: { ...kind, create: async () => kept }, remove: () => database.remove() };
}

/** Other tables have secrets of their own, such as the key that signs access tokens. */
function ofConversations(counts: Status['counts']): Status['counts'] {
  return counts.filter(({ rows_of: table }) => table === 'conversations');
}

/** Everything in a folder, in one text. */
async function contentOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

describe.each(databases)('a gateway that seals at rest, on $name', (kind) => {
  const env = { ENCRYPT_AT_REST: 'true', ENCRYPTION_KEY: ONE };
  const gateway = useGateway(kind, { env });

  it('takes conversations in, finds them, and says which key they are under', async () => {
    const { client } = gateway();
    expect((await client.rest('/conversations/ingest', { body: conversation })).status).toBe(201);
    const { results } = (await client.rest('/search', { body: { query: 'parcels' } })).body as SearchBody;
    expect(results[0]!.text).toContain('parcel');
    const { counts, pending } = (await client.rest('/admin/encryption')).body as Status;
    expect(pending).toBe(0);
    expect(ofConversations(counts)).toMatchObject([{ state: 'current', rows: 1 }]);
  });

  it('forgets a person at once, also in answers that were kept, and names nobody on record', async () => {
    const { client, gateway: running, dataDir } = gateway();
    await client.rest('/conversations/ingest', { body: conversation });
    const ask = async () => {
      const { body } = await client.rest('/search', { body: { query: 'marmalade parcel' } });
      return (body as SearchBody).results.map(({ author_name }) => author_name);
    };
    for (let times = 0; times < 2; times++) expect(await ask()).toEqual([NAME, 'Bo']);

    const exported = await client.rest('/persons/export', { body: { author_name: NAME } });
    expect(exported.body).toMatchObject({
      conversations: [{ conversation_id: 'c-1', messages: [{ text: 'Where is my marmalade parcel?' }] }],
    });
    const erased = await client.rest('/persons/erase', { body: { author_name: NAME } });
    expect(erased.body).toMatchObject({ messages: 1, done: true });
    expect(await ask()).toEqual(['Bo']);

    const records = await journalOf(running.app.get(Database), dataDir);
    const record = records.find(({ event }) => event === 'person_erased');
    expect(record).toMatchObject({ operation: 'persons.erase', notes: { person: expect.any(String) } });
    expect(JSON.stringify(records)).not.toMatch(SECRETS);
  });

  it('lets nobody but an administrator do that', async () => {
    const { client, createKey } = gateway();
    for (const role of ['employee', 'service', 'auditor'] as const) {
      const key = await createKey({ role });
      for (const path of ['/persons/export', '/persons/erase'])
        expect((await client.rest(path, { key, body: { author_name: NAME } })).status).toBe(403);
      expect((await client.rest('/admin/encryption/rotate', { key, body: {} })).status).toBe(403);
    }
  });
});

describe.each(databases)('a gateway whose key changes, on $name', (kind) => {
  it('does not start on a wrong one, and seals all anew behind its start by the right one', async () => {
    const kept = await keptDatabase(kind);
    try {
      const first = await bootGateway(kept.kind, { env: { ENCRYPTION_KEY: ONE } });
      for (const id of ['c-1', 'c-2'])
        await first.client.rest('/conversations/ingest', { body: { ...conversation, conversation_id: id } });
      await first.close();

      const wrong = {
        ...(await kept.kind.create()).env,
        ENCRYPTION_KEY: OTHER,
        PORT: '0',
        MANAGEMENT_PORT: '0',
      };
      const { code, err } = await gatehouse(['start'], { env: wrong });
      expect(code).toBe(1);
      expect(err).toContain('ENCRYPTION_KEY must be the one that this database was sealed with');
      for (const key of [ONE, OTHER]) expect(err).not.toContain(key);

      const env = { ENCRYPT_AT_REST: 'true', ENCRYPTION_KEY: OTHER, ENCRYPTION_PREVIOUS_KEYS: ONE };
      const second = await bootGateway(kept.kind, { env });
      await expect
        .poll(async () => {
          const { counts, pending } = (await second.client.rest('/admin/encryption')).body as Status;
          return { pending, conversations: ofConversations(counts) };
        })
        .toMatchObject({ pending: 0, conversations: [{ state: 'current', rows: 2 }] });
      const { results } = (await second.client.rest('/search', { body: { query: 'Timbuktu' } }))
        .body as SearchBody;
      expect(results).toHaveLength(2);
      await second.close();
    } finally {
      await kept.remove();
    }
  });
});

describe('the commands of an operator', () => {
  it('seal, erase and back up, each with an exit code that tells', async () => {
    const kept = await keptDatabase(databases[0]!);
    try {
      const running = await bootGateway(kept.kind, { env: { ENCRYPT_AT_REST: 'true' } });
      await running.client.rest('/conversations/ingest', { body: conversation });
      const env = {
        GATEHOUSE_API_KEY: ADMIN_KEY,
        GATEHOUSE_URL: running.gateway.url,
        DATA_DIR: running.dataDir,
      };
      const [status, exported, refused, busy] = await Promise.all([
        gatehouse(['encryption', 'status', '--json'], { env }),
        gatehouse(['persons', 'export'], { env, input: `${NAME}\n` }),
        gatehouse(['persons', 'erase'], { env, input: NAME }),
        gatehouse(['backup', 'create'], { env }),
      ]);
      expect(status.code).toBe(0);
      expect(JSON.parse(status.out)).toMatchObject({ pending: 0, in_force: true });
      expect(JSON.parse(exported.out)).toMatchObject({ conversations: [{ conversation_id: 'c-1' }] });
      expect(refused).toMatchObject({ code: 2, out: '' });
      expect(busy.code).toBe(1);
      const [rotated, erased] = await Promise.all([
        gatehouse(['encryption', 'rotate'], { env }),
        gatehouse(['persons', 'erase', '--yes', '--json'], { env, input: NAME }),
      ]);
      expect(rotated).toMatchObject({ code: 0 });
      expect(JSON.parse(erased.out)).toMatchObject({ messages: 1 });
      await running.close();

      expect(await gatehouse(['backup', 'create'], { env })).toMatchObject({ code: 0 });
      const [verified, listed] = await Promise.all([
        gatehouse(['backup', 'verify', '--json'], { env }),
        gatehouse(['backup', 'list', '--json'], { env }),
      ]);
      expect(JSON.parse(verified.out)).toMatchObject({ valid: true, faults: [] });
      expect(JSON.parse(listed.out)).toHaveLength(1);
      // Sealed, or erased before it was in clear anywhere.
      expect(SECRETS.exec(await contentOf(join(running.dataDir, 'audit')))).toBeNull();
    } finally {
      await kept.remove();
    }
  });
});
