import { Logger } from '@nestjs/common';
import type { Database } from '#persistence';
import type { Rotating } from '#secrets';
import { indexPlace } from '../blind-index.ts';
import { Envelope } from '../envelope.ts';
import { splitSealed } from '../sealed-text.ts';
import { EncryptionKey } from './encryption-key.ts';
import { KeyRing } from './key-ring.ts';
import { CANARY, canaryPlace } from './open-key-ring.ts';

const RETRY_MS = 30_000;

export interface LiveKeys {
  readonly current: Rotating<Buffer | undefined>;
  readonly previous: Rotating<readonly Buffer[]>;
}

/**
 * Goes by a new ENCRYPTION_KEY under way, on the terms of a start: it counts once ENCRYPTION_PREVIOUS_KEYS holds the one
 * before, and once the database knows of it. A key without that would leave the next start with rows that don't open.
 */
export function followKeys(ring: KeyRing, { current, previous }: LiveKeys, database: Database): void {
  const logger = new Logger('Encryption');
  let retry: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();

  const adopt = async (): Promise<void> => {
    clearTimeout(retry);
    const others = previous.current.map((bytes) => new EncryptionKey(bytes));
    ring.add(others);
    const next = current.current && new EncryptionKey(current.current);
    if (!next || next.id === ring.current.id) return;
    try {
      const lacking = await putInForce(database, new KeyRing(next, others), ring);
      if (lacking !== undefined) {
        logger.warn(
          `ENCRYPTION_KEY has changed, and is not used: ENCRYPTION_PREVIOUS_KEYS must hold the one before, key ${lacking}. That one goes on`,
        );
        return;
      }
      ring.turnTo(next);
      logger.log(`Key ${next.id} seals from now on; what others have sealed is sealed anew`);
    } catch (error) {
      logger.warn(`ENCRYPTION_KEY has changed, and the database can't be told: ${(error as Error).message}`);
      retry = setTimeout(follow, RETRY_MS).unref();
    }
  };
  /** One after the other: two changes in a row may meet. */
  const follow = (): void => void (working = working.then(adopt));
  current.onChange(follow);
  previous.onChange(follow);
}

/** Leaves by the new key what each start opens. Answers the key that the next start would lack, and changes nothing then. */
async function putInForce(database: Database, next: KeyRing, now: KeyRing): Promise<string | undefined> {
  if (!next.get(now.current.id)) return now.current.id;
  const envelope = new Envelope(next);
  return database.kysely.transaction().execute(async (transaction) => {
    const rows = transaction.selectFrom('encryption_keys').select(['canary', 'index_key']);
    const { canary, index_key: index } = await rows.forUpdate().executeTakeFirstOrThrow();
    const ids = [canary, ...(index === null ? [] : [index])].map((text) => splitSealed(text)?.keyId ?? '?');
    const lacking = ids.find((id) => !next.get(id));
    if (lacking !== undefined) return lacking;
    const sealed = {
      canary: envelope.seal(CANARY, canaryPlace),
      index_key: index && envelope.seal(envelope.open(index, indexPlace), indexPlace),
    };
    await transaction.updateTable('encryption_keys').set(sealed).execute();
    return undefined;
  });
}
