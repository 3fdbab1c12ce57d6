import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchFolder, type ScratchFolder } from '#testing';
import { DataFolder } from './data-folder.ts';
import { ownIdentity } from './process-identity.ts';

const lockModule = fileURLToPath(new URL('./folder-lock.ts', import.meta.url));

/** Root may write everywhere. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** A program that takes the folder, says how that went, and stays until its standard input ends. */
const taker = `
  const { FolderLock } = await import(${JSON.stringify(lockModule)});
  const said = await FolderLock.take(process.argv[1]).then(() => 'taken', (error) => error.message);
  process.stdout.write(said + '\\n');
  await (await import('node:events')).once(process.stdin.resume(), 'end');
`;

describe('the data folder', () => {
  let scratch: ScratchFolder;
  let children: ChildProcess[];
  beforeEach(async () => {
    scratch = await scratchFolder();
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await scratch.remove();
  });

  async function startTaker(folder: string): Promise<{ child: ChildProcess; said: string }> {
    const child = spawn(process.execPath, ['-e', taker, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, said: bytes.toString().trim() };
  }

  async function claim(name: string): Promise<void> {
    await mkdir(join(scratch.path, 'locks'));
    await writeFile(join(scratch.path, 'locks', name), '');
    await writeFile(join(scratch.path, 'locks', `${name}.held`), '');
  }

  it('is made for its owner only', async () => {
    const folder = await DataFolder.open(join(scratch.path, 'deep', 'data'));
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    await folder.close();
  });

  it('is free again once it is closed, and nothing is left of the lock', async () => {
    await (await DataFolder.open(scratch.path)).close();
    expect(await readdir(join(scratch.path, 'locks'))).toEqual([]);
    await (await DataFolder.open(scratch.path)).close();
  });

  it('is refused to a second gateway in the same process', async () => {
    const folder = await DataFolder.open(scratch.path);
    await expect(DataFolder.open(scratch.path)).rejects.toThrow(
      `DATA_DIR (${scratch.path}) is in use by process ${process.pid}`,
    );
    await folder.close();
  });

  it('is refused to a second process, which is told who has it', async () => {
    const folder = await DataFolder.open(scratch.path);
    const { said } = await startTaker(scratch.path);
    expect(said).toBe(
      `DATA_DIR (${scratch.path}) is in use by process ${process.pid}: stop it, or choose another folder`,
    );
    await folder.close();
  });

  it('is taken over from a process that was killed', async () => {
    const { child, said } = await startTaker(scratch.path);
    expect(said).toBe('taken');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const folder = await DataFolder.open(scratch.path);
    expect(await readdir(join(scratch.path, 'locks'))).toHaveLength(2);
    await folder.close();
  });

  it.runIf(process.platform === 'linux')('is taken over when the pid is another process by now', async () => {
    const { startedAt, namespace } = ownIdentity();
    const claimed = `${process.ppid}-${startedAt + 1}-${namespace}`;
    await claim(claimed);
    const folder = await DataFolder.open(scratch.path);
    expect(await readdir(join(scratch.path, 'locks'))).not.toContain(claimed);
    await folder.close();
  });

  it.runIf(process.platform === 'linux')(
    'is taken over from another container only once that is silent',
    async () => {
      const name = `1-1-${ownIdentity().namespace + 1}`;
      await claim(name);
      const almostSilent = new Date(Date.now() - 19_000);
      await utimes(join(scratch.path, 'locks', name), almostSilent, almostSilent);
      await (await DataFolder.open(scratch.path)).close();
      expect(Date.now() - almostSilent.getTime()).toBeGreaterThanOrEqual(20_000);
    },
  );

  it('goes to exactly one of many that start at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => startTaker(scratch.path)));
    const said = outcomes.map((outcome) => outcome.said);
    expect(said.filter((one) => one === 'taken')).toHaveLength(1);
    expect(said.filter((one) => one.includes('is in use by process'))).toHaveLength(7);
  });

  it('says so when the path is a file', async () => {
    const path = join(scratch.path, 'file');
    await writeFile(path, '');
    await expect(DataFolder.open(path)).rejects.toThrow(`DATA_DIR (${path}) can't be used: it is no folder`);
  });

  it('says so when this user may not write there', async () => {
    const path = join(scratch.path, 'closed');
    await mkdir(path);
    await chmod(path, 0o555);
    await chmod(scratch.path, 0o755);
    await asNobody(async () => {
      await expect(DataFolder.open(path)).rejects.toThrow(
        `DATA_DIR (${path}) can't be used: this user may not write there`,
      );
    });
  });

  it.runIf(process.platform === 'linux')('says so when the file system takes no files', async () => {
    await expect(DataFolder.open('/sys/gatehouse')).rejects.toThrow(
      /^DATA_DIR \(\/sys\/gatehouse\) can't be used: /,
    );
  });

  it('is there for a reader beside the gateway', async () => {
    const folder = await DataFolder.open(scratch.path);
    expect(DataFolder.existing(scratch.path).path).toBe(scratch.path);
    expect(() => DataFolder.existing(join(scratch.path, 'none'))).toThrow('is no folder');
    await folder.close();
  });
});
