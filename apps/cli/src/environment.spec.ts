import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { scratchFolder, SecretsManagerServer } from '#testing';
import { registerBackup } from './backup.command.ts';
import { registerMigrate } from './migrate.command.ts';
import { runCommand } from './testing/run-command.ts';

describe('a database whose URL is in AWS Secrets Manager alone', () => {
  let aws: SecretsManagerServer;
  let scratch: Awaited<ReturnType<typeof scratchFolder>>;
  beforeAll(async () => {
    scratch = await scratchFolder();
    aws = await SecretsManagerServer.start();
    // Nothing listens there.
    aws.put('database/url', 'postgres://gatehouse@127.0.0.1:1/gatehouse');
  });
  afterAll(async () => {
    await aws.close();
    await scratch.remove();
  });
  beforeEach(() => {
    const credentials = {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'only-for-tests',
    };
    const env = { ...aws.env, ...credentials, DATA_DIR: scratch.path };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('is the one that is migrated, and not an embedded one in its place', async () => {
    const { code, stderr } = await runCommand(registerMigrate, 'migrate');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('DATABASE_URL (gatehouse at'),
    });
  });

  it('is none that is backed up by copying a folder', async () => {
    const { code, stderr } = await runCommand(registerBackup, 'backup', 'list');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('back it up with pg_dump') });
  });
});
