import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, readConfig } from '#config';
import { databases, type DatabaseKind, type OpenTestDatabase, type TestDatabase } from '#testing';
import { identityConfig } from './identity.config.ts';
import { openPepper } from './open-pepper.ts';
import { resetKeys } from './reset-keys.ts';

/** The first suite may have to wait for a server to be installed. */
const SETUP_TIMEOUT_MS = 600_000;

const FILE = 'api-key-pepper';
const ONE = 'one-pepper-of-thirty-two-characters';
const OTHER = 'another-pepper-of-the-same-kind-0123';

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
    await opened.database.kysely.deleteFrom('api_key_pepper').execute();
    await rm(join(opened.folder.path, FILE), { force: true });
  });
  afterEach(() => void vi.clearAllMocks());
  return {
    warn,
    start: async (pepper?: string) =>
      openPepper(
        readConfig(identityConfig, pepper === undefined ? {} : { API_KEY_PEPPER: pepper }),
        opened.database,
        opened.folder,
      ),
    row: async () =>
      opened.database.kysely.selectFrom('api_key_pepper').selectAll().executeTakeFirstOrThrow(),
    file: () => join(opened.folder.path, FILE),
    files: async () => readdir(opened.folder.path),
    reset: async () => resetKeys(opened.database),
  };
}

describe.each(databases)('the pepper on $name', (kind) => {
  const { start, row, files, reset } = useGround(kind);

  it('is the same at every start, whoever made it', async () => {
    const first = await start();
    const digest = first.digest('a key');
    expect(digest).toMatch(/^[\w-]{43}$/);
    const others = await Promise.all(Array.from({ length: 3 }, async () => start()));
    for (const pepper of others) expect(pepper.digest('a key')).toBe(digest);
  });

  it('is agreed upon by those who start at once', async () => {
    const started = await Promise.all(Array.from({ length: 5 }, async () => start(ONE)));
    expect(new Set(started.map((pepper) => pepper.digest('a key'))).size).toBe(1);
  });

  it('is not kept anywhere when the setting gives it', async () => {
    await start(ONE);
    expect(JSON.stringify(await row())).not.toContain(ONE);
    expect(await files()).not.toContain(FILE);
  });

  it.each([OTHER, undefined])('stops the start when the setting says %s instead', async (changed) => {
    await start(ONE);
    const refused = start(changed);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(
      /API_KEY_PEPPER must be the one[^]*gatehouse keys reset --local --yes/,
    );
    await expect(refused).rejects.not.toThrow(new RegExp(`${ONE}|${OTHER}`));
    await expect(start(ONE)).resolves.toBeDefined();
  });

  it('may be another one after a reset', async () => {
    await start(ONE);
    await reset();
    await expect(start(OTHER)).resolves.toBeDefined();
    await expect(start(ONE)).rejects.toThrow(ConfigError);
  });
});

describe('the pepper of the embedded database', () => {
  const { start, row, file, files } = useGround(databases.find(({ name }) => name === 'PGlite')!);

  it('lies in a file for its owner alone', async () => {
    await start();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readFile(file(), 'utf8')).trim()).toMatch(/^[\w-]{43}$/);
    expect(await row()).toMatchObject({ pepper: null });
  });

  it('is made whole by the start after one that was killed while it made the file', async () => {
    await writeFile(`${file()}.new`, 'sho');
    await start();
    expect((await readFile(file(), 'utf8')).trim()).toMatch(/^[\w-]{43}$/);
    expect(await files()).not.toContain(`${FILE}.new`);
  });

  it('is missed when its file is gone, and none is made in its place', async () => {
    await start();
    await rm(file());
    await expect(start()).rejects.toThrow('DATA_DIR holds no file api-key-pepper');
    expect(await files()).not.toContain(FILE);
  });

  it('is not taken from a damaged file', async () => {
    await start();
    await writeFile(file(), 'short');
    await expect(start()).rejects.toThrow('is damaged');
  });
});

describe('the pepper of a shared database', () => {
  const { start, row, warn } = useGround(databases.find(({ name }) => name === 'PostgreSQL')!);

  it('is shared through it, with a warning, until the setting gives it', async () => {
    const replicas = await Promise.all(Array.from({ length: 5 }, async () => start()));
    const digests = new Set(replicas.map((pepper) => pepper.digest('a key')));
    expect(digests.size).toBe(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('API_KEY_PEPPER is not set'));

    const { pepper: shared } = await row();
    const moved = await start(shared!);
    expect(digests).toContain(moved.digest('a key'));
    expect(await row()).toMatchObject({ pepper: null });
    await expect(start()).rejects.toThrow(ConfigError);
  });
});
