import { Logger } from '@nestjs/common';
import type { Database } from '#persistence';
import type { Rotating } from '#secrets';
import { replacePepper } from './open-pepper.ts';
import { Pepper, sameDigest } from './pepper.ts';

const RETRY_MS = 30_000;

export interface LivePepper {
  readonly current: Rotating<string | undefined>;
  readonly previous: Rotating<string | undefined>;
}

/**
 * Goes by a new API_KEY_PEPPER under way, on the terms of a start: it counts once API_KEY_PREVIOUS_PEPPER is the one before,
 * and once the database knows of it. A pepper without that would make every key an unknown one at the next start.
 */
export function followPepper(pepper: Pepper, { current, previous }: LivePepper, database: Database): void {
  const logger = new Logger('Identity');
  let retry: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();

  const adopt = async (): Promise<void> => {
    clearTimeout(retry);
    const [next, former] = [current.current, previous.current];
    if (next === undefined || pepper.is(next)) {
      if (next !== undefined) pepper.rotate(next, former);
      return;
    }
    const from = pepper.fingerprint;
    if (former === undefined || !sameDigest(new Pepper(former).fingerprint, from)) {
      logger.warn(
        'API_KEY_PEPPER has changed, and is not used: API_KEY_PREVIOUS_PEPPER must be the one before. That one goes on',
      );
      return;
    }
    try {
      if (!(await replacePepper(database, from, new Pepper(next).fingerprint))) {
        logger.warn('API_KEY_PEPPER has changed, and is not used: the database goes by another one');
        return;
      }
      pepper.rotate(next, former);
      logger.log(
        'API keys go by the new API_KEY_PEPPER; digests of the one before are moved to it as keys are used',
      );
    } catch (error) {
      logger.warn(`API_KEY_PEPPER has changed, and the database can't be told: ${(error as Error).message}`);
      retry = setTimeout(follow, RETRY_MS).unref();
    }
  };
  /** One after the other: two changes in a row may meet. */
  const follow = (): void => void (working = working.then(adopt));
  current.onChange(follow);
  previous.onChange(follow);
}
