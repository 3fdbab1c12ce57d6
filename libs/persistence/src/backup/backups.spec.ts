import { appendFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchFolder, type ScratchFolder } from '#testing';
import { DataFolder } from '../folder/data-folder.ts';
import { Backups } from './backups.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-03-01T03:15:00Z');

describe('backups', () => {
  let scratch: ScratchFolder;
  let data: DataFolder;
  let backups: Backups;
  beforeEach(async () => {
    scratch = await scratchFolder();
    data = await DataFolder.open(scratch.path);
    backups = new Backups(join(scratch.path, 'backups'));
    for (const folder of ['database/base', 'logs'])
      await mkdir(join(scratch.path, folder), { recursive: true });
    await writeFile(join(scratch.path, 'database/base/1'), 'pages');
    await writeFile(join(scratch.path, 'logs/audit.log'), 'lines');
    await writeFile(join(scratch.path, 'api-key-pepper'), 'secret', { mode: 0o600 });
  });
  afterEach(async () => {
    await data.close();
    await scratch.remove();
  });
  const onDay = (day: number) => backups.create(data, new Date(START + day * DAY_MS));

  it('hold the data folder, but for logs, locks and other backups', async () => {
    await onDay(0);
    const { path, name, bytes } = await onDay(1);
    expect(name).toBe('20260302T031500Z');
    expect((await readdir(path)).sort()).toEqual(['api-key-pepper', 'database', 'manifest.json']);
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect((await stat(join(path, 'api-key-pepper'))).mode & 0o777).toBe(0o600);
    expect(bytes).toBe('pages'.length + 'secret'.length);
    expect((await backups.list()).map((backup) => backup.name)).toEqual([
      '20260301T031500Z',
      '20260302T031500Z',
    ]);
  });

  it('are whole, until a file is changed, missing or added', async () => {
    const backup = await onDay(0);
    expect(await backups.faults(backup)).toEqual([]);
    await appendFile(join(backup.path, 'database/base/1'), '!');
    await writeFile(join(backup.path, 'database/base/2'), '');
    await rm(join(backup.path, 'api-key-pepper'));
    expect((await backups.faults(backup)).sort()).toEqual([
      'api-key-pepper is missing',
      'database/base/1 was changed',
      'database/base/2 was added',
    ]);
    await rm(join(backup.path, 'manifest.json'));
    expect(await backups.faults(backup)).toEqual(['it has no manifest, or one that was changed']);
  });

  it('go when they are too old, but for the newest', async () => {
    for (const day of [0, 1, 31]) await onDay(day);
    expect((await backups.prune(30, START + 31.5 * DAY_MS)).map(({ name }) => name)).toEqual([
      '20260301T031500Z',
      '20260302T031500Z',
    ]);
    expect(await backups.prune(30, START + 1000 * DAY_MS)).toEqual([]);
    expect(await backups.list()).toHaveLength(1);
  });

  it('that were broken off are none', async () => {
    await mkdir(join(scratch.path, 'backups', '20260301T031500Z.new'), { recursive: true });
    expect(await backups.list()).toEqual([]);
    await onDay(0);
    expect(await readdir(join(scratch.path, 'backups'))).toEqual(['20260301T031500Z']);
    await expect(onDay(0)).rejects.toThrow('There is a backup 20260301T031500Z already');
    await expect(backups.get('../etc')).rejects.toThrow('There is no backup of this name');
  });
});
