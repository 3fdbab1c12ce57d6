import { Module } from '@nestjs/common';
import { AuditModule } from '#audit';
import { RotationRecorder } from './rotation-recorder.ts';
import { SecretAges } from './secret-ages.ts';
import { SecretSightings } from './secret-sightings.ts';
import { SecretsController } from './secrets.controller.ts';

/** How old secrets are, when they are to be rotated, and what happened to them. Where they come from is libs/secrets. */
@Module({
  imports: [AuditModule],
  controllers: [SecretsController],
  providers: [SecretSightings, SecretAges, RotationRecorder],
  exports: [SecretAges],
})
export class RotationModule {}
