import { Global, Module } from '@nestjs/common';
import { Database } from '#persistence';
import { EncryptionController } from './admin/encryption.controller.ts';
import { BlindIndex, openBlindIndex } from './blind-index.ts';
import { Envelope } from './envelope.ts';
import { EnvelopeModule } from './envelope.module.ts';
import { KeyRing } from './keys/key-ring.ts';
import { KeyRotation } from './rotation/key-rotation.ts';

/** What is secret in the database is sealed by the `Envelope`, whoever keeps it. */
@Global()
@Module({
  imports: [EnvelopeModule],
  controllers: [EncryptionController],
  providers: [
    { provide: BlindIndex, useFactory: openBlindIndex, inject: [Database, Envelope, KeyRing] },
    KeyRotation,
  ],
  exports: [EnvelopeModule, BlindIndex, KeyRotation],
})
export class EncryptionModule {}
