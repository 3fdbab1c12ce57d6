import { stat } from 'node:fs/promises';
import { fail, pass, warn, type Check } from '../check.ts';

/** Whoever breaks out of the process is whoever runs it. */
export const userCheck: Check = {
  name: 'user',
  read: 'docs/runbooks/service.md#it-runs-as-root',
  async look(site) {
    const owner = await stat(site.dataDir).then(
      ({ uid }) => uid,
      () => undefined,
    );
    if (owner === 0) return [fail('DATA_DIR belongs to root, so it is root who runs the gateway')];
    if (process.getuid?.() === 0 && owner === undefined)
      return [warn('this is root: start the gateway as a user of its own')];
    return [pass(owner === undefined ? 'not root' : `the gateway runs as user ${owner}`)];
  },
};
