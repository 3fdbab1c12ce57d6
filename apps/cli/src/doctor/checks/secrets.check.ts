import { definedConfigs } from '#config';
import { identityConfig } from '#identity';
import { persistenceConfig } from '#persistence';
import { dueAtOf } from '#rotation';
import { isProduction, LiveSecrets, secretFindings, type SecretState } from '#secrets';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const DAY_MS = 86_400_000;

/** Whether secrets can be guessed, are where they belong, and when they were last changed. */
export const secretsCheck: Check = {
  name: 'secrets',
  read: 'docs/runbooks/rotation.md#when-a-secret-is-due',
  async look(site) {
    const secrets = await LiveSecrets.open(site.given);
    try {
      for (const { settings } of definedConfigs())
        for (const setting of Object.values(settings)) if (setting.secret) secrets.watch(setting);
      const states = secrets.states();
      const { faults, missing } = secretFindings(secrets.env);
      const absent = missing.map((fault) => (isProduction(site.env) ? fail(fault) : warn(fault)));
      const late = await overdue(site, states);
      const all = [...faults.map(fail), ...absent, ...late, ...shared(site)];
      return orPass(all, `${states.length} are set, none is weak or overdue`);
    } finally {
      secrets.close();
    }
  },
};

/** As the gateway counts: from the first sight of a value, where a database remembers that. */
async function overdue(site: Site, states: readonly SecretState[]): Promise<(Finding | undefined)[]> {
  const seen = await sightings(site);
  return states.map(({ name, source, fingerprint, writtenAt }) => {
    const sighting = seen.find((one) => one.name === name && one.fingerprint === fingerprint);
    const since = (source === 'aws' ? writtenAt : undefined) ?? sighting?.since ?? writtenAt;
    const dueAt = since && dueAtOf(name, since);
    if (!dueAt || dueAt.getTime() > site.now()) return undefined;
    const daysSince = (from: Date): number => Math.floor((site.now() - from.getTime()) / DAY_MS);
    return warn(
      `${name} was last changed ${daysSince(since)} days ago: a change is due for ${daysSince(dueAt)}`,
    );
  });
}

interface Sighting {
  name: string;
  fingerprint: string;
  since: Date;
}

/** In the embedded database only the gateway itself can look: `gatehouse secrets status`. */
async function sightings(site: Site): Promise<Sighting[]> {
  const database = await site.database().catch(() => undefined); // Another check tells of it.
  const found = await database?.query<{ there: boolean }>(
    `select to_regclass('secret_sightings') is not null as there`,
  );
  if (!database || !found?.rows[0]?.there) return [];
  return (await database.query<Sighting>('select name, fingerprint, since from secret_sightings')).rows;
}

/** What replicas have to agree on can't be made by each of them. */
function shared(site: Site): (Finding | undefined | false)[] {
  if (site.config(persistenceConfig).url === undefined) return [];
  const absent = (name: string): boolean => site.valueOf(name) === undefined;
  return [
    site.config(identityConfig).pepper === undefined &&
      warn('API_KEY_PEPPER is not set, so it lies in the database, beside the digests that it protects'),
    absent('ENCRYPTION_KEY') &&
      warn('ENCRYPTION_KEY is not set, so it lies in the database, beside what it seals'),
    absent('REQUEST_STATE_SECRET') &&
      warn(
        'REQUEST_STATE_SECRET is not set, so a call that waits for its client must come back to the same replica',
      ),
    absent('AUDIT_SIGNING_KEY') &&
      warn(
        'AUDIT_SIGNING_KEY is not set, so each replica signs with a key of its own, which its disk may lose',
      ),
  ];
}
