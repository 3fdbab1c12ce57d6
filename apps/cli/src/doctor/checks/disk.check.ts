import { statfs } from 'node:fs/promises';
import { fail, pass, warn, type Check, type Finding } from '../check.ts';

const FAIL = 0.1;
const WARN = 0.2;
const GIB = 1024 ** 3;

/** Without room for its record no call is answered. */
export const diskCheck: Check = {
  name: 'disk',
  read: 'docs/runbooks/service.md#disk',
  async look(site) {
    const figures = await statfs(site.dataDir).catch(() => undefined);
    if (!figures) return [warn(`DATA_DIR (${site.dataDir}) is not there yet`)];
    return [judge(figures.bavail * figures.bsize, figures.blocks * figures.bsize)];
  },
};

/** Bytes. A large disk with little of it left is as good as a small one: a gateway needs some, not a share. */
export function judge(free: number, size: number): Finding {
  const text = `${(free / GIB).toFixed(1)} GiB are free where DATA_DIR lies, ${Math.round((100 * free) / size)} %`;
  if (free < FAIL * size && free < 10 * GIB) return fail(text);
  return free < WARN * size && free < 50 * GIB ? warn(text) : pass(text);
}
