import { readFile } from 'node:fs/promises';
import { httpConfig } from '#transport';
import { fail, orPass, warn, type Check } from '../check.ts';
import { isLoopback } from './tls.check.ts';

/** Files, the database, Valkey, the journal: what a process has open beside its clients. */
const BESIDE = 200;
const BUSY = 0.8;

/** Whether a process may have as many connections as it takes, and who may reach the port of the operators. */
export const connectionsCheck: Check = {
  name: 'connections',
  read: 'docs/runbooks/service.md#connections',
  async look(site) {
    const { host, maxConnections, managementPort } = site.config(httpConfig);
    const gateway = await site.gateway();
    const files = gateway?.sample('process_max_fds') ?? (await openFilesAllowed());
    const open = gateway?.sample('concurrent_connections{type="http"}') ?? 0;
    return orPass(
      [
        files !== undefined &&
          maxConnections + BESIDE > files &&
          fail(
            `MAX_CONNECTIONS=${maxConnections}, and a process may have ${files} files open: raise that (ulimit -n)`,
          ),
        open > BUSY * maxConnections && warn(`${open} of ${maxConnections} connections are open`),
        managementPort !== 0 &&
          !isLoopback(host) &&
          warn(
            `MANAGEMENT_PORT=${managementPort} listens on ${host} too: only Prometheus and operators may reach it`,
          ),
      ],
      `${maxConnections} at most, ${open} now`,
    );
  },
};

async function openFilesAllowed(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
