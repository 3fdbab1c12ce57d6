import { persistenceConfig } from '#persistence';
import { serverInfoOf, valkeyConfig, type ValkeyConnection } from '#valkey';
import { fail, orPass, pass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const OLDEST_MAJOR = 7;
const FULL = 0.8;

/** Whether what replicas share is there, and stays there. */
export const valkeyCheck: Check = {
  name: 'valkey',
  read: 'docs/valkey.md#set-it-up',
  async look(site) {
    const connections = await site.valkeys();
    if (connections.length === 0) {
      const alone = site.config(persistenceConfig).url === undefined;
      return [
        alone
          ? pass('there is none, and one process needs none')
          : warn('VALKEY_URL is not set: each replica has limits, blocks and sessions of its own'),
      ];
    }
    const findings = await Promise.all(connections.map((connection) => lookAt(site, connection)));
    return orPass(findings.flat(), 'up, of a version that will do, and it evicts no state');
  },
};

async function lookAt(site: Site, connection: ValkeyConnection): Promise<(Finding | false)[]> {
  const { name, client } = connection;
  const of = `the server of the ${name}`;
  if (!connection.up) return [fail(`${of} is away: ${client.refusal.reason}`)];
  const info = serverInfoOf(await client.info());
  const text = (field: string): string => info.get(field) ?? '';
  const [used, limit] = [Number(text('used_memory')), Number(text('maxmemory'))];
  const version = text('valkey_version') || text('redis_version');
  return [
    Number.parseInt(version, 10) < OLDEST_MAJOR &&
      fail(`${of} is ${version}: ${OLDEST_MAJOR} or later is needed`),
    limit > 0 &&
      used / limit > FULL &&
      warn(`${of} uses ${Math.round((100 * used) / limit)} % of its memory`),
    !site.valkeyHasPassword(name) &&
      warn(`${of} asks for no password: whoever reaches it can lift blocks and limits`),
    ...(name === 'state' ? keeping(text, of) : []),
    name === 'cache' &&
      limit === 0 &&
      sharesNothing(site) &&
      warn(`${of} has no maxmemory: the cache grows without end`),
  ];
}

/** Only noeviction is safe: all that is kept there has a time to live, so that volatile-* would evict it too. */
function keeping(text: (field: string) => string, of: string): (Finding | false)[] {
  const policy = text('maxmemory_policy');
  return [
    policy !== 'noeviction' &&
      fail(`${of} may evict limits, blocks and sessions: its maxmemory-policy is ${policy}`),
    text('aof_enabled') !== '1' &&
      warn(`${of} writes no AOF: a restart forgets counts, sessions and used nonces`),
  ];
}

function sharesNothing(site: Site): boolean {
  return site.config(valkeyConfig).stateUrl !== undefined;
}
