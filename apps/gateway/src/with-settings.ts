import { checkSettings, LiveSecrets } from '#secrets';
import type { GatewayOptions } from './gateway.module.ts';

/** What a program starts with: the environment with all secrets in it, and the secrets as they change. */
export interface Settled {
  readonly secrets: LiveSecrets;
  /** What the operator should know of the settings. */
  readonly warnings: readonly string[];
}

/** Starts a program on settings that are checked, all their faults at once, before the first of them is met. */
export async function withSettings<O extends GatewayOptions, T>(
  options: O,
  start: (options: O & Settled) => Promise<T>,
): Promise<T> {
  const secrets = await LiveSecrets.open(options.env);
  try {
    const warnings = checkSettings(secrets.env);
    return await start({ ...options, env: secrets.env, secrets, warnings });
  } catch (error) {
    secrets.close();
    throw error;
  }
}
