import { afterEach, describe, expect, it, vi } from 'vitest';
import { scratchFolder, SecretsManagerServer } from '#testing';
import { registerBackup } from './backup.command.ts';
import { registerMigrate } from './migrate.command.ts';
import { runCommand } from './testing/run-command.ts';

describe('a database whose URL is in AWS Secrets Manager alone', () => {
  afterEach(() => void vi.unstubAllEnvs());

  /** What the two commands say of it. Nothing listens there. */
  async function beside(work: () => Promise<void>): Promise<void> {
    await using aws = await SecretsManagerServer.start();
    const scratch = await scratchFolder();
    aws.put('database/url', 'postgres://gatehouse@127.0.0.1:1/gatehouse');
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'only-for-tests' };
    for (const [name, value] of Object.entries({ ...aws.env, ...keys, DATA_DIR: scratch.path }))
      vi.stubEnv(name, value);
    await work().finally(() => scratch.remove());
  }

  it('is the one that is migrated, and not an embedded one in its place', async () => {
    await beside(async () => {
      const { code, stderr } = await runCommand(registerMigrate, 'migrate');
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('DATABASE_URL (gatehouse at'),
      });
    });
  });

  it('is none that is backed up by copying a folder', async () => {
    await beside(async () => {
      const { code, stderr } = await runCommand(registerBackup, 'backup', 'list');
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('back it up with pg_dump'),
      });
    });
  });
});
