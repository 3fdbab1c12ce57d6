import { Logger } from '@nestjs/common';
import type { ConfigOf } from '#config';
import type { Database } from '#persistence';
import type { Secrets } from '#secrets';
import { identityConfig } from './identity.config.ts';
import { replacePepper } from './open-pepper.ts';
import { Pepper, sameDigest } from './pepper.ts';

export interface FollowPepperOptions {
  readonly config: ConfigOf<typeof identityConfig>;
  readonly secrets: Pick<Secrets, 'adopt'>;
  readonly database: Database;
}

/**
 * Goes by a new API_KEY_PEPPER under way, on the terms of a start: it counts once API_KEY_PREVIOUS_PEPPER is the one before,
 * and once the database knows of it. A pepper without that would make every key an unknown one at the next start.
 */
export function followPepper(pepper: Pepper, { config, secrets, database }: FollowPepperOptions): void {
  const logger = new Logger('Identity');
  const { pepper: setting, previousPepper: previous } = identityConfig.settings;

  const adopt = async (next: string | undefined, former: string | undefined): Promise<string | undefined> => {
    if (next === undefined) return undefined; // Without it, the one before makes no difference.
    if (!pepper.is(next)) {
      const from = pepper.fingerprint;
      if (former === undefined || !sameDigest(new Pepper(former).fingerprint, from))
        return 'API_KEY_PREVIOUS_PEPPER must be the one before';
      try {
        if (!(await replacePepper(database, from, new Pepper(next).fingerprint)))
          return 'the database goes by another one';
      } catch (error) {
        return `the database can't be told: ${(error as Error).message}`;
      }
      logger.log(
        'API keys go by the new API_KEY_PEPPER; digests of the one before are moved to it as keys are used',
      );
    }
    pepper.rotate(next, former);
    return undefined;
  };
  secrets.adopt({ settings: [setting, previous], current: config.pepper, adopt });
}
