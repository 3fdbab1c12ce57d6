import { Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { AuditModule, AuditTrail } from '#audit';
import { IdentityModule } from '#identity';
import { DataFolder } from '#persistence';
import { StateConnection } from '#valkey';
import { BlocksController } from './admin/blocks.controller.ts';
import { BlockGate } from './block-gate.ts';
import { BlockRecorder } from './block-recorder.ts';
import { blockingConfig, type BlockingSettings } from './blocking.config.ts';
import { Blocks } from './blocks.ts';

const blocks = {
  provide: Blocks,
  inject: [blockingConfig.KEY, DataFolder, AuditTrail, StateConnection],
  async useFactory(
    settings: BlockingSettings,
    { path: folder }: DataFolder,
    audit: AuditTrail,
    connection: StateConnection | undefined,
  ): Promise<Blocks> {
    const made = new Blocks({ settings, folder, audit, connection });
    // Before the doors open: what the other replicas have blocked is blocked here from the first connection on.
    await made.sync();
    return made;
  },
};

/** Who may not knock. The doors ask BlockGate; BlockRecorder is to be told of every settled call. */
@Module({
  imports: [AuditModule, IdentityModule],
  controllers: [BlocksController],
  providers: [blocks, BlockGate, BlockRecorder],
  exports: [Blocks, BlockGate, BlockRecorder],
})
export class BlockingModule implements BeforeApplicationShutdown {
  constructor(private readonly all: Blocks) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.all.close();
  }
}
