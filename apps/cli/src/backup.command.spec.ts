import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { scratchFolder } from '#testing';
import { registerBackup } from './backup.command.ts';
import { runCommand } from './testing/run-command.ts';

const prune = async (...args: string[]) =>
  (await runCommand(registerBackup, 'backup', 'prune', ...args)).stdout;

afterEach(() => void vi.unstubAllEnvs());

it('gatehouse backup prune says what it removed, and where that is nothing, why', async () => {
  await using scratch = await scratchFolder();
  vi.stubEnv('DATA_DIR', scratch.path);
  for (const name of ['20200101T000000Z', '20200102T000000Z'])
    await mkdir(join(scratch.path, 'backups', name), { recursive: true });
  expect(await prune()).toBe('Removed: 20200101T000000Z\n');
  expect(await prune()).toBe(
    'Nothing was removed: beside the newest, no backup is older than 30 days (BACKUP_RETENTION_DAYS)\n',
  );
  expect(await prune('--json')).toBe('[]\n');
});
