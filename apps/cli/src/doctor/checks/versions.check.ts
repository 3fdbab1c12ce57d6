import { serverInfo } from '#mcp';
import { fail, orPass, warn, type Check } from '../check.ts';

/** The oldest that is maintained for as long as this version of ours. */
const NODE = 24;

/** Whether what runs is what was installed. */
export const versionsCheck: Check = {
  name: 'versions',
  read: 'docs/runbooks/deployment.md#which-version-runs',
  async look(site) {
    const gateway = await site.gateway();
    const node = gateway?.node ?? process.version;
    const major = Number.parseInt(node.slice(1), 10);
    return orPass(
      [
        major < NODE && fail(`Node is ${node}: Gatehouse is tested on ${NODE}`),
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
