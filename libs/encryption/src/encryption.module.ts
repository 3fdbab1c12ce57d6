import { Global, Module } from '@nestjs/common';
import { Database, DataFolder } from '#persistence';
import { EncryptionController } from './admin/encryption.controller.ts';
import { BlindIndex, openBlindIndex } from './blind-index.ts';
import { encryptionConfig } from './encryption.config.ts';
import { Envelope } from './envelope.ts';
import { KeyRing } from './keys/key-ring.ts';
import { openKeyRing } from './keys/open-key-ring.ts';
import { KeyRotation } from './rotation/key-rotation.ts';

/** What is secret in the database is sealed by the `Envelope`, whoever keeps it. */
@Global()
@Module({
  controllers: [EncryptionController],
  providers: [
    { provide: KeyRing, useFactory: openKeyRing, inject: [encryptionConfig.KEY, Database, DataFolder] },
    { provide: Envelope, useFactory: (ring: KeyRing) => new Envelope(ring), inject: [KeyRing] },
    { provide: BlindIndex, useFactory: openBlindIndex, inject: [Database, Envelope] },
    KeyRotation,
  ],
  exports: [Envelope, BlindIndex, KeyRotation],
})
export class EncryptionModule {}
