import { blockingConfig } from '#blocking';
import { identityConfig } from '#identity';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const LONGEST_KEY_DAYS = 365;
const MOST_FAILURES = 20;
const SOON = `interval '14 days'`;

/** Whether keys can be guessed at leisure, and whether those that are needed go on working. */
export const authenticationCheck: Check = {
  name: 'authentication',
  read: 'docs/runbooks/rotation.md#api-keys',
  async look(site) {
    const { autoBlock, maxFailedAttempts } = site.config(blockingConfig);
    const { keyTtlDays } = site.config(identityConfig);
    return orPass(
      [
        site.valueOf('WS_AUTH_ENABLED') === false && fail('WS_AUTH_ENABLED=false lets anybody in'),
        !autoBlock && warn('AUTO_BLOCK_ENABLED=false: addresses that guess keys are not blocked'),
        maxFailedAttempts > MOST_FAILURES &&
          warn(
            `MAX_FAILED_ATTEMPTS=${maxFailedAttempts}: an address may guess that often before it is blocked`,
          ),
        keyTtlDays > LONGEST_KEY_DAYS &&
          warn(`API_KEY_TTL_DAYS=${keyTtlDays}: a key that leaks is good for years`),
        ...(await keys(site)),
      ],
      'guessing is answered with a block, and keys expire',
    );
  },
};

/** In the embedded database only the gateway itself can look: `gatehouse keys list`. */
async function keys(site: Site): Promise<(Finding | false)[]> {
  const database = await site.database();
  if (!database || !(await isThere(database))) return [];
  const { rows } = await database.query<{ admins: number; expiring: number }>(`
    select count(*) filter (where role = 'admin')::int as admins,
      count(*) filter (where expires_at < now() + ${SOON} and superseded_at is null)::int as expiring
    from api_keys where revoked_at is null and expires_at > now()`);
  const { admins = 0, expiring = 0 } = rows[0] ?? {};
  return [
    admins === 0 &&
      site.config(identityConfig).adminKey === undefined &&
      fail('there is no admin key that still works: nobody can make another one'),
    expiring > 0 &&
      warn(`${expiring} keys expire within 14 days: gatehouse keys list, gatehouse keys rotate`),
  ];
}

async function isThere(database: NonNullable<Awaited<ReturnType<Site['database']>>>): Promise<boolean> {
  const { rows } = await database.query<{ there: boolean }>(
    `select to_regclass('api_keys') is not null as there`,
  );
  return rows[0]?.there === true;
}
