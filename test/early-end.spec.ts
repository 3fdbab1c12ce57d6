import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { spawnGateway } from './support/gateway-process.ts';
import { ROOT } from './support/root.ts';
import { gatehouse } from './support/run.ts';

const env = { PORT: '0', MANAGEMENT_PORT: '0', WS_PORT: '0', TCP_PORT: '0' };

/** As a client starts it: it writes nothing, and leaves its input open. */
function spawnStdio(own: Record<string, string>): ChildProcess {
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  const cli = join(ROOT, 'apps/cli/bin/gatehouse.js');
  return spawn(process.execPath, [cli, 'stdio'], { env: { ...inherited, ...own } });
}

describe('a start that is told to end while it comes up ends in good order', { timeout: 60_000 }, () => {
  it.each([
    ['of a gateway', spawnGateway, /^ +gk_\w+$/m],
    ['of one for a single client', spawnStdio, /^$/],
  ])('%s', async (_, start, says) => {
    await using data = await scratchFolder();
    const folder = join(data.path, 'data');
    const child = start({ DATA_DIR: folder, ...env });
    const [out] = [text(child.stdout!), text(child.stderr!)];
    // It is past its first lines, and far from its last: the embedded database is only being made.
    while (!existsSync(folder) && child.exitCode === null) await sleep(5);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(0);
    expect(await out).toMatch(says);
    const verified = await gatehouse(['audit', 'verify', '--data-dir', folder, '--json']);
    expect(JSON.parse(verified.out)).toMatchObject({ valid: true, chains: [{ state: 'closed' }] });
  });
});
