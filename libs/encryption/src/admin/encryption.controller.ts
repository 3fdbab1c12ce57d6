import { Controller, Get, Post } from '@nestjs/common';
import { Operation } from '#call';
import type { RotationStatus } from '../rotation/key-counts.ts';
import { KeyRotation } from '../rotation/key-rotation.ts';

/** `/admin/encryption`: what is sealed by which key, and having it sealed anew. */
@Controller('admin/encryption')
export class EncryptionController {
  constructor(private readonly rotation: KeyRotation) {}

  @Get()
  @Operation({ name: 'encryption.status', permission: 'encryption:read' })
  status(): Promise<RotationStatus> {
    return this.rotation.status();
  }

  /** Begins what the start of the program begins by itself; the work goes on behind the answer. */
  @Post('rotate')
  @Operation({ name: 'encryption.rotate', permission: 'encryption:write', event: 'encryption_rotated' })
  async rotate(): Promise<RotationStatus> {
    await this.rotation.begin();
    return this.rotation.status();
  }
}
