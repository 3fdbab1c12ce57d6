import { Module } from '@nestjs/common';
import { Database, DataFolder } from '#persistence';
import { encryptionConfig } from './encryption.config.ts';
import { Envelope } from './envelope.ts';
import { KeyRing } from './keys/key-ring.ts';
import { openKeyRing } from './keys/open-key-ring.ts';

/** The `Envelope` alone, for commands that open the stores and do nothing in the background. */
@Module({
  providers: [
    { provide: KeyRing, useFactory: openKeyRing, inject: [encryptionConfig.KEY, Database, DataFolder] },
    { provide: Envelope, useFactory: (ring: KeyRing) => new Envelope(ring), inject: [KeyRing] },
  ],
  exports: [Envelope],
})
export class EnvelopeModule {}
