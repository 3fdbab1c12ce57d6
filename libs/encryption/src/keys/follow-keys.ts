import { Logger } from '@nestjs/common';
import type { ConfigOf } from '#config';
import type { Database } from '#persistence';
import type { Secrets } from '#secrets';
import { indexPlace } from '../blind-index.ts';
import { encryptionConfig } from '../encryption.config.ts';
import { Envelope } from '../envelope.ts';
import { splitSealed } from '../sealed-text.ts';
import { EncryptionKey } from './encryption-key.ts';
import { KeyRing } from './key-ring.ts';
import { CANARY, canaryPlace } from './open-key-ring.ts';

export interface FollowKeysOptions {
  readonly config: Pick<ConfigOf<typeof encryptionConfig>, 'key' | 'previousKeys'>;
  readonly secrets: Pick<Secrets, 'adopt'>;
  readonly database: Database;
}

/**
 * Goes by a new ENCRYPTION_KEY under way, on the terms of a start: it counts once ENCRYPTION_PREVIOUS_KEYS holds the one
 * before, and once the database knows of it. A key without that would leave the next start with rows that don't open.
 */
export function followKeys(ring: KeyRing, { config, secrets, database }: FollowKeysOptions): void {
  const logger = new Logger('Encryption');
  const { key: setting, previousKeys: previous } = encryptionConfig.settings;

  const adopt = async (
    current: Buffer | undefined,
    former: readonly Buffer[],
  ): Promise<string | undefined> => {
    const others = former.map((bytes) => new EncryptionKey(bytes));
    // Whatever becomes of the new one: what they have sealed opens.
    ring.add(others);
    const next = current && new EncryptionKey(current);
    if (!next || next.id === ring.current.id) return undefined;
    try {
      const lacking = await putInForce(database, new KeyRing(next, others), ring);
      if (lacking !== undefined) return `ENCRYPTION_PREVIOUS_KEYS must hold the one before, key ${lacking}`;
    } catch (error) {
      return `the database can't be told: ${(error as Error).message}`;
    }
    ring.turnTo(next);
    logger.log(`Key ${next.id} seals from now on; what others have sealed is sealed anew`);
    return undefined;
  };
  secrets.adopt({ settings: [setting, previous], current: config.key, adopt });
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
