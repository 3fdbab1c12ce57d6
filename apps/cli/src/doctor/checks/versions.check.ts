import { serverInfo } from '#mcp';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';

/** What the images have and the tests run on, and what package.json allows. */
const NODE = 24;
const OLDEST_NODE = 22;

/** Whether what runs is what was installed. */
export const versionsCheck: Check = {
  name: 'versions',
  read: 'docs/runbooks/deployment.md#which-version-runs',
  async look(site) {
    const gateway = await site.gateway();
    const node = gateway?.node ?? process.version;
    return orPass(
      [
        judgeNode(node),
        gateway?.version !== undefined &&
          gateway.version !== serverInfo.version &&
          warn(
            `the running gateway is Gatehouse ${gateway.version}, and this is ${serverInfo.version}: restart it`,
          ),
      ],
      `Gatehouse ${serverInfo.version} on Node ${node}${gateway ? ', and that is what runs' : ''}`,
    );
  },
};

export function judgeNode(version: string): Finding | undefined {
  const major = Number.parseInt(version.slice(1), 10);
  if (major >= NODE) return undefined;
  const text = `Node is ${version}: Gatehouse is tested on ${NODE}`;
  return major < OLDEST_NODE ? fail(text) : warn(text);
}
