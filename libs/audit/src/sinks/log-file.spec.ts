import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchFolder, type ScratchFolder } from '#testing';
import { LogFile } from './log-file.ts';

const DAY_MS = 86_400_000;

describe('a log file', () => {
  let folder: ScratchFolder;
  let failures: unknown[];
  beforeEach(async () => {
    folder = await scratchFolder();
    failures = [];
  });
  afterEach(() => folder.remove());

  const open = (limits = {}) =>
    new LogFile(
      join(folder.path, 'logs', 'audit.log'),
      { fileBytes: 1000, files: 3, days: 30, ...limits },
      (error) => failures.push(error),
    );
  const names = async () => (await readdir(join(folder.path, 'logs'))).sort();
  const path = (name = 'audit.log') => join(folder.path, 'logs', name);

  it('has all lines once it is closed, and is for its owner only', async () => {
    const log = open();
    for (let n = 0; n < 10; n++) log.write(`${n}\n`);
    await log.close();
    expect(await readFile(path(), 'utf8')).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n');
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });

  it('is set aside when it is full, and only so many are kept', async () => {
    const log = open();
    for (let n = 0; n < 6; n++) {
      log.write(`${String(n).repeat(700)}\n`);
      await log.flush();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await log.close();
    const kept = await names();
    expect(kept).toHaveLength(3);
    expect(kept[0]).toBe('audit.log');
    expect(await readFile(path(kept[2]), 'utf8')).toMatch(/^4+\n$/);
  });

  it('is set aside when the day is over, and removed when it is too old', async () => {
    await mkdir(join(folder.path, 'logs'));
    await writeFile(path(), 'yesterday\n');
    await utimes(path(), new Date(), new Date(Date.now() - DAY_MS));
    await writeFile(path('audit.log.20200101T000000000Z'), 'old\n');
    await writeFile(path('audit.log.notes'), "somebody else's\n");
    const log = open();
    log.write('today\n');
    await log.close();
    expect(await names()).toEqual([
      'audit.log',
      expect.stringMatching(/^audit\.log\.20\d{6}T/),
      'audit.log.notes',
    ]);
    expect(await readFile(path(), 'utf8')).toBe('today\n');
  });

  it('loses lines while it can not be written, says so, and comes back', async () => {
    await writeFile(join(folder.path, 'logs'), 'a file is in the way');
    const log = open();
    log.write('lost\n');
    await log.flush();
    expect(failures).toHaveLength(1);
    await rm(join(folder.path, 'logs'));
    log.write('there\n');
    await log.close();
    expect(await readFile(path(), 'utf8')).toBe('there\n');
  });

  it('drops lines rather than let them fill the memory', async () => {
    const log = open();
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 100; n++) log.write(megabyte);
    expect(failures.length).toBeGreaterThan(50);
    await log.close();
  });
});
