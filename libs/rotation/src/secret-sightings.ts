import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Database } from '#persistence';

export interface Sighting {
  readonly name: string;
  readonly fingerprint: string;
  readonly since: Date;
}

/** Remembers, in the database that all replicas share, since when each secret has had the value that it has. */
@Injectable()
export class SecretSightings {
  constructor(private readonly database: Database) {}

  /** Notes what is seen now. Answers since when each has been so; `since` of a sighting counts where it is the first. */
  async note(seen: readonly Sighting[]): Promise<ReadonlyMap<string, Date>> {
    if (seen.length === 0) return new Map();
    const insert = this.database.kysely.insertInto('secret_sightings').values([...seen]);
    const noted = await insert
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((row) => ({
          fingerprint: row.ref('excluded.fingerprint'),
          since: sql<Date>`case when secret_sightings.fingerprint = excluded.fingerprint
                             then secret_sightings.since else excluded.since end`,
        })),
      )
      .returning(['name', 'since'])
      .execute();
    return new Map(noted.map(({ name, since }) => [name, since]));
  }
}
