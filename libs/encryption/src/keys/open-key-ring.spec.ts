import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, readConfig } from '#config';
import { databases, type DatabaseKind, type OpenTestDatabase, type TestDatabase } from '#testing';
import { encryptionConfig } from '../encryption.config.ts';
import { Envelope } from '../envelope.ts';
import { openKeyRing } from './open-key-ring.ts';

/** The first suite may have to wait for a server to be installed. */
const SETUP_TIMEOUT_MS = 600_000;

const FILE = 'encryption-key';
const [ONE, OTHER, THIRD] = Array.from({ length: 3 }, () => randomBytes(32).toString('base64')) as [
  string,
  string,
  string,
];
const place = { table: 'users', column: 'totp_seed', row: 'u-1' };

/** A database that no gateway has started on yet, anew for each test. */
function useGround(kind: DatabaseKind) {
  let created: TestDatabase;
  let opened: OpenTestDatabase;
  const warn = vi.spyOn(Logger.prototype, 'warn');
  beforeAll(async () => {
    created = await kind.create();
    opened = await created.open();
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await opened.close();
    await created.remove();
  });
  beforeEach(async () => {
    warn.mockReturnValue();
    await opened.database.kysely.deleteFrom('encryption_keys').execute();
    await rm(join(opened.folder.path, FILE), { force: true });
  });
  afterEach(() => void vi.clearAllMocks());
  return {
    warn,
    start: async (env: Record<string, string> = {}) =>
      new Envelope(await openKeyRing(readConfig(encryptionConfig, env), opened.database, opened.folder)),
    database: () => opened.database,
    row: async () =>
      opened.database.kysely.selectFrom('encryption_keys').selectAll().executeTakeFirstOrThrow(),
    file: () => join(opened.folder.path, FILE),
    files: async () => readdir(opened.folder.path),
  };
}

describe.each(databases)('the encryption key on $name', (kind) => {
  const { start, row, files, database } = useGround(kind);

  it('is the same at every start, whoever made it', async () => {
    const sealed = (await start()).seal('a seed', place);
    const others = await Promise.all(Array.from({ length: 3 }, async () => start()));
    for (const envelope of others) expect(envelope.open(sealed, place)).toBe('a seed');
  });

  it('is not kept anywhere when the setting gives it', async () => {
    await start({ ENCRYPTION_KEY: ONE });
    expect(JSON.stringify(await row())).not.toContain(ONE);
    expect(await row()).toMatchObject({ shared_key: null });
    expect(await files()).not.toContain(FILE);
  });

  it('may be written in hex or base64, with the same meaning', async () => {
    const hex = Buffer.from(ONE, 'base64').toString('hex');
    const url = Buffer.from(ONE, 'base64').toString('base64url');
    const sealed = (await start({ ENCRYPTION_KEY: ONE })).seal('a seed', place);
    for (const ENCRYPTION_KEY of [hex, url])
      expect((await start({ ENCRYPTION_KEY })).open(sealed, place)).toBe('a seed');
  });

  it.each([{ ENCRYPTION_KEY: OTHER }, { ENCRYPTION_KEY: OTHER, ENCRYPTION_PREVIOUS_KEYS: THIRD }, {}])(
    'stops the start when it is another one (%#), and says what to do',
    async (env: Record<string, string>) => {
      await start({ ENCRYPTION_KEY: ONE });
      const refused = start(env);
      await expect(refused).rejects.toThrow(ConfigError);
      await expect(refused).rejects.toThrow(/ENCRYPTION_KEY must be the one[^]*ENCRYPTION_PREVIOUS_KEYS/);
      await expect(refused).rejects.not.toThrow(new RegExp(RegExp.escape(ONE)));
      await expect(refused).rejects.not.toThrow(new RegExp(RegExp.escape(OTHER)));
      await expect(start({ ENCRYPTION_KEY: ONE })).resolves.toBeDefined();
    },
  );

  it('can be rotated, and must not be forgotten before the former one is listed', async () => {
    const sealed = (await start({ ENCRYPTION_KEY: ONE })).seal('a seed', place);
    const rotated = await start({ ENCRYPTION_KEY: OTHER, ENCRYPTION_PREVIOUS_KEYS: `${THIRD},${ONE}` });
    expect(rotated.open(sealed, place)).toBe('a seed');
    await expect(start({ ENCRYPTION_KEY: ONE })).rejects.toThrow('key');
    await expect(start({ ENCRYPTION_KEY: OTHER })).resolves.toBeDefined();
  });

  it('is told wrong when the text it is told by was tampered with', async () => {
    await start({ ENCRYPTION_KEY: ONE });
    const { canary } = await row();
    await database()
      .kysely.updateTable('encryption_keys')
      .set({ canary: `${canary.slice(0, -4)}AAAA` })
      .execute();
    await expect(start({ ENCRYPTION_KEY: ONE })).rejects.toThrow('was changed');
  });

  it.each([
    'short',
    'x'.repeat(43),
    '00'.repeat(32),
    `${ONE},`,
    'a passphrase of more than 43 letters and more',
  ])('is refused when it is no random key: %s', (ENCRYPTION_KEY) => {
    expect(() => readConfig(encryptionConfig, { ENCRYPTION_KEY })).toThrow(
      'it must be 32 random bytes in base64 or hex',
    );
  });
});

describe('the encryption key of the embedded database', () => {
  const { start, row, file, files } = useGround(databases.find(({ name }) => name === 'PGlite')!);

  it('lies in a file for its owner alone', async () => {
    await start({ ENCRYPT_AT_REST: 'true' });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readFile(file(), 'utf8')).trim()).toMatch(/^[\w+/]{43}=$/);
    expect(await row()).toMatchObject({ shared_key: null });
    expect(await files()).not.toContain(`${FILE}.new`);
  });

  it('is missed when its file is gone, and none is made in its place', async () => {
    await start();
    await rm(file());
    await expect(start()).rejects.toThrow('DATA_DIR holds no file encryption-key');
    expect(await files()).not.toContain(FILE);
  });

  it('is not taken from a damaged file', async () => {
    await start();
    await writeFile(file(), 'short');
    await expect(start()).rejects.toThrow('is damaged');
  });

  it('moves from the file to the setting, and what the file has sealed still opens', async () => {
    const sealed = (await start()).seal('a seed', place);
    expect((await start({ ENCRYPTION_KEY: ONE })).open(sealed, place)).toBe('a seed');
  });
});

describe('the encryption key of a shared database', () => {
  const { start, row, warn } = useGround(databases.find(({ name }) => name === 'PostgreSQL')!);

  it('must be set where texts are sealed', async () => {
    const refused = start({ ENCRYPT_AT_REST: 'true' });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow('ENCRYPT_AT_REST=true needs ENCRYPTION_KEY with DATABASE_URL');
  });

  it('is shared through it otherwise, with a warning, until the setting gives it', async () => {
    const replicas = await Promise.all(Array.from({ length: 5 }, async () => start()));
    expect(new Set(replicas.map(({ keyId }) => keyId)).size).toBe(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('ENCRYPTION_KEY is not set'));
    const sealed = replicas[0]!.seal('a seed', place);

    const { shared_key: shared } = await row();
    const moved = await start({ ENCRYPTION_KEY: shared! });
    expect(moved.open(sealed, place)).toBe('a seed');
    const other = await start({ ENCRYPTION_KEY: ONE });
    expect(other.open(sealed, place)).toBe('a seed');
    await expect(start()).rejects.toThrow(ConfigError);
  });
});
