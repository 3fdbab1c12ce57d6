import { Logger } from '@nestjs/common';
import type { Rotating } from '#secrets';
import { SigningKey } from '../chain/signing-key.ts';
import type { Succession } from './succession.ts';

const RETRY_MS = 30_000;

/** Signs with a new AUDIT_SIGNING_KEY as soon as it is there. While no chain can be begun, the one before goes on. */
export function followSigningKey(
  journal: Succession,
  setting: Rotating<string | undefined>,
  retryMs = RETRY_MS,
): void {
  const logger = new Logger('Audit');
  let retry: NodeJS.Timeout | undefined;
  const follow = (): void => {
    clearTimeout(retry);
    const key = setting.current === undefined ? undefined : SigningKey.from(setting.current);
    if (!key || key.public.id === journal.key.public.id) return;
    const before = journal.key.public.id;
    journal.turnTo(key).then(
      () => logger.log(`Key ${key.public.id} signs the audit journal from now on, in a chain of its own`),
      (error: unknown) => {
        logger.warn(`AUDIT_SIGNING_KEY has changed, and key ${before} goes on: ${String(error)}`);
        retry = setTimeout(follow, retryMs).unref();
      },
    );
  };
  setting.onChange(follow);
  follow(); // It may have changed since the journal was begun.
}
