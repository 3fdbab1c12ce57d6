import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { definedConfigs, type Environment } from '#config';

const DAY_MS = 86_400_000;
/** RAG-23: passwords and keys. */
const DUE_DAYS = 90;
const TOKEN_DUE_DAYS = 180;

/** How long a secret may stay as it is. */
export function dueAfterDays(name: string): number {
  return name.startsWith('JWT_') ? TOKEN_DUE_DAYS : DUE_DAYS;
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

/** When the certificate in SSL_CERT_PATH expires, in milliseconds since 1970. */
export async function certificateExpiry(env: Environment): Promise<ReadonlyMap<string, number>> {
  const path = env['SSL_CERT_PATH'];
  if (!path) return new Map();
  return new Map([['server', new X509Certificate(await readFile(path)).validToDate.getTime()]]);
}
