import type { ConfigOf } from '#config';
import type { SecretStore } from '../secret-store.ts';
import type { secretsConfig } from '../secrets.config.ts';

/** AWS Secrets Manager where the settings name a place in it. Its library is large, and loaded for those alone. */
export async function openStore(config: ConfigOf<typeof secretsConfig>): Promise<SecretStore | undefined> {
  const { prefix, region, endpoint, timeoutMs } = config;
  if (prefix === undefined) return undefined;
  const { SecretsManager } = await import('./secrets-manager.ts');
  return new SecretsManager({ prefix, region, endpoint, timeoutMs });
}
