import { Module, type OnModuleInit } from '@nestjs/common';
import { EnvelopeModule } from '#encryption';
import { Departures, IdentityModule } from '#identity';
import { ArtifactStore } from '../server/artifact-store.ts';
import { GrantStore } from './grant-store.ts';

/** What is kept of grants, apart from the server that gives them: it goes with its person, also where no gateway runs. */
@Module({
  imports: [IdentityModule, EnvelopeModule],
  providers: [ArtifactStore, GrantStore],
  exports: [ArtifactStore, GrantStore],
})
export class GrantsModule implements OnModuleInit {
  constructor(
    private readonly departures: Departures,
    private readonly grants: GrantStore,
  ) {}

  onModuleInit(): void {
    this.departures.add((userId, within) => this.grants.forget(userId, within));
  }
}
