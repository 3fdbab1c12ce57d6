import { Module } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { Database, DataFolder } from '#persistence';
import { Secrets } from '#secrets';
import { encryptionConfig } from './encryption.config.ts';
import { Envelope } from './envelope.ts';
import { followKeys } from './keys/follow-keys.ts';
import { KeyRing } from './keys/key-ring.ts';
import { openKeyRing } from './keys/open-key-ring.ts';

type Settings = ConfigOf<typeof encryptionConfig>;

const keyRing = {
  provide: KeyRing,
  inject: [encryptionConfig.KEY, Database, DataFolder, { token: Secrets, optional: true }],
  async useFactory(config: Settings, database: Database, folder: DataFolder, secrets?: Secrets) {
    const ring = await openKeyRing(config, database, folder);
    if (!secrets) return ring;
    followKeys(ring, { config, secrets, database });
    ring.onUnknown = () => secrets.refresh();
    return ring;
  },
};

/** The `Envelope` alone, for commands that open the stores and do nothing in the background. */
@Module({
  providers: [
    keyRing,
    { provide: Envelope, useFactory: (ring: KeyRing) => new Envelope(ring), inject: [KeyRing] },
  ],
  exports: [Envelope, KeyRing],
})
export class EnvelopeModule {}
