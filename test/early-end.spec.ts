import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { spawnGateway } from './support/gateway-process.ts';
import { gatehouse } from './support/run.ts';

it('a start that is told to end while it comes up ends in good order', { timeout: 60_000 }, async () => {
  await using data = await scratchFolder();
  const folder = join(data.path, 'data');
  const child = spawnGateway({
    DATA_DIR: folder,
    PORT: '0',
    MANAGEMENT_PORT: '0',
    WS_PORT: '0',
    TCP_PORT: '0',
  });
  const [out] = [text(child.stdout!), text(child.stderr!)];
  // It is past its first lines, and far from its last: the embedded database is only being made.
  while (!existsSync(folder) && child.exitCode === null) await sleep(5);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  expect(await out).toMatch(/^ +gk_\w+$/m);
  const verified = await gatehouse(['audit', 'verify', '--data-dir', folder, '--json']);
  expect(JSON.parse(verified.out)).toMatchObject({ valid: true, chains: [{ state: 'closed' }] });
});
