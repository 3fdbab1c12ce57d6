import { Logger } from '@nestjs/common';
import type { Secrets } from '#secrets';
import { auditConfig } from '../audit.config.ts';
import { SigningKey } from '../chain/signing-key.ts';
import type { Succession } from './succession.ts';

/** Signs with a new AUDIT_SIGNING_KEY as soon as it is there. While no chain can be begun, the one before goes on. */
export function followSigningKey(
  journal: Pick<Succession, 'key' | 'turnTo'>,
  current: string | undefined,
  secrets: Pick<Secrets, 'adopt'>,
): void {
  const logger = new Logger('Audit');
  const adopt = async (text: string | undefined): Promise<string | undefined> => {
    const key = text === undefined ? undefined : SigningKey.from(text);
    if (!key || key.public.id === journal.key.public.id) return undefined;
    try {
      await journal.turnTo(key);
    } catch (error) {
      return String(error);
    }
    logger.log(`Key ${key.public.id} signs the audit journal from now on, in a chain of its own`);
    return undefined;
  };
  secrets.adopt({ settings: [auditConfig.settings.signingKey], current, adopt });
}
