import { Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { AuditModule, AuditTrail } from '#audit';
import { StateConnection, ValkeyModule } from '#valkey';
import { ConnectionsController } from './admin/connections.controller.ts';
import { Connections } from './connections.ts';
import { TurnedAway } from './turned-away.ts';

const connections = {
  provide: Connections,
  inject: [StateConnection],
  useFactory: (connection: StateConnection | undefined) => new Connections(connection),
};

const turnedAway = {
  provide: TurnedAway,
  inject: [AuditTrail],
  useFactory: (audit: AuditTrail) => new TurnedAway(audit),
};

/** Who is connected, and how many may be. The doors tell; administrators ask. */
@Module({
  imports: [AuditModule, ValkeyModule],
  controllers: [ConnectionsController],
  providers: [connections, turnedAway],
  exports: [Connections, TurnedAway],
})
export class ConnectionsModule implements BeforeApplicationShutdown {
  constructor(
    private readonly all: Connections,
    private readonly excess: TurnedAway,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.excess.close();
    await this.all.shutdown();
  }
}
