import { identityConfig } from '#identity';
import { persistenceConfig } from '#persistence';
import { dueAfterDays, secretsDue } from '../../../../gateway/src/expiry.ts';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';
import { weaknessOf } from '../strength.ts';

const DAY_MS = 86_400_000;
/** Whether secrets can be guessed, are where they belong, and when they were last changed. */
export const secretsCheck: Check = {
  name: 'secrets',
  read: 'docs/runbooks/rotation.md#when-a-secret-is-due',
  async look(site) {
    const given = site.settings.filter(({ setting, value }) => setting.secret && typeof value === 'string');
    const weak = given.map(({ setting: { env }, value }) => {
      const weakness = weaknessOf(value as string);
      return weakness !== undefined && fail(`${env} ${weakness}`);
    });
    const late = [...(await secretsDue(site.env))].map(([name, due]) => overdue(site, name, due));
    return orPass([...weak, ...late, ...shared(site)], `${given.length} are set, none is weak or overdue`);
  },
};

function overdue(site: Site, name: string, due: number): Finding | undefined {
  if (due > site.now()) return undefined;
  const days = dueAfterDays(name) + Math.floor((site.now() - due) / DAY_MS);
  return warn(`${name}_FILE was last changed ${days} days ago: a change is due after ${dueAfterDays(name)}`);
}

/** What replicas have to agree on can't be made by each of them. */
function shared(site: Site): (Finding | undefined | false)[] {
  if (site.config(persistenceConfig).url === undefined) return [];
  const absent = (name: string): boolean => site.valueOf(name) === undefined;
  return [
    site.config(identityConfig).pepper === undefined &&
      warn('API_KEY_PEPPER is not set, so it lies in the database, beside the digests that it protects'),
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
