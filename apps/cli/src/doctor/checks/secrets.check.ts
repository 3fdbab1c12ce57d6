import { stat } from 'node:fs/promises';
import { identityConfig } from '#identity';
import { persistenceConfig } from '#persistence';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';
import { weaknessOf } from '../strength.ts';

const DAY_MS = 86_400_000;
/** RAG-23: keys and passwords 90 days, secrets of tokens 180. */
const DUE_DAYS = 90;
const TOKEN_DUE_DAYS = 180;

/** Whether secrets can be guessed, are where they belong, and when they were last changed. */
export const secretsCheck: Check = {
  name: 'secrets',
  read: 'docs/runbooks/rotation.md#when-a-secret-is-due',
  async look(site) {
    const given = site.settings.filter(({ setting, value }) => setting.secret && typeof value === 'string');
    const findings = await Promise.all(
      given.map(async ({ setting: { env }, value, file }) => {
        const weakness = weaknessOf(value as string);
        return [
          weakness !== undefined && fail(`${env} ${weakness}`),
          file !== undefined && (await overdue(site, env, file)),
        ];
      }),
    );
    return orPass([...findings.flat(), ...shared(site)], `${given.length} are set, none is weak or overdue`);
  },
};

async function overdue(site: Site, name: string, file: string): Promise<Finding | undefined> {
  const { mtimeMs } = await stat(file);
  const days = Math.floor((site.now() - mtimeMs) / DAY_MS);
  const due = /JWT/.test(name) ? TOKEN_DUE_DAYS : DUE_DAYS;
  return days > due
    ? warn(`${name}_FILE was last changed ${days} days ago: a change is due after ${due}`)
    : undefined;
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
