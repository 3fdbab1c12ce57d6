import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { definedConfigs, type Environment } from '#config';

const DAY_MS = 86_400_000;
/** RAG-23: what is sent, as passwords and keys are. */
const DUE_DAYS = 90;
/** What signs, seals and hashes, and never leaves. */
const KEPT = /^JWT_|PEPPER|_SIG_|SIGNING_KEY|ENCRYPTION_KEY|STATE_SECRET/;
const KEPT_DUE_DAYS = 180;

/** How long a secret may stay as it is. */
export function dueAfterDays(name: string): number {
  return KEPT.test(name) ? KEPT_DUE_DAYS : DUE_DAYS;
}

/**
 * When each secret that comes from a file is to be changed, by its name, in milliseconds since 1970. Of one that stands in
 * the environment nobody knows how old it is, and one that another has replaced is due no more.
 */
export async function secretsDue(env: Environment): Promise<ReadonlyMap<string, number>> {
  const names = definedConfigs()
    .flatMap(({ settings }) => Object.values(settings))
    .filter(({ secret, env: name }) => secret && !name.includes('PREVIOUS') && env[`${name}_FILE`])
    .map(({ env: name }) => name);
  const due = await Promise.all(
    names.map(async (name) => {
      const { mtimeMs } = await stat(env[`${name}_FILE`]!);
      return [name, mtimeMs + dueAfterDays(name) * DAY_MS] as const;
    }),
  );
  return new Map(due);
}

/** When the certificate in SSL_CERT_PATH expires, in milliseconds since 1970; NaN where there is none. */
export async function certificateExpiry(env: Environment): Promise<number> {
  const path = env['SSL_CERT_PATH'];
  return path ? new X509Certificate(await readFile(path)).validToDate.getTime() : Number.NaN;
}
