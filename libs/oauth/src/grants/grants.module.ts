import { Module, type OnModuleInit } from '@nestjs/common';
import { EnvelopeModule } from '#encryption';
import type { Transaction } from 'kysely';
import { Departures, IdentityModule, type Departure, type Inheritance, type Maker } from '#identity';
import type { Tables } from '#persistence';
import { ClientsLeft } from '../clients/clients-left.ts';
import { ArtifactStore } from '../server/artifact-store.ts';
import { GrantStore } from './grant-store.ts';

/** What goes with its person, also where no gateway runs: grants, and clients; apart from the server that serves them. */
@Module({
  imports: [IdentityModule, EnvelopeModule],
  providers: [ArtifactStore, GrantStore, ClientsLeft],
  exports: [ArtifactStore, GrantStore],
})
export class GrantsModule implements OnModuleInit, Departure {
  constructor(
    private readonly departures: Departures,
    private readonly grants: GrantStore,
    private readonly clients: ClientsLeft,
  ) {}

  onModuleInit(): void {
    this.departures.add(this);
  }

  forget(userId: string, within: Transaction<Tables>): Promise<void> {
    return this.grants.forget(userId, within);
  }

  disinherit(makers: readonly Maker[], within: Transaction<Tables>): Promise<Inheritance> {
    return this.clients.disinherit(makers, within);
  }
}
