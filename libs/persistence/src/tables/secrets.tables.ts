/** Table of the ages of secrets; migrations/010-secret-sightings.ts makes it. */
export interface SecretsTables {
  secret_sightings: SecretSightingRow;
}

/** A secret, by the name of its setting. Its value is not here. */
export interface SecretSightingRow {
  name: string;
  /** 16 bits: enough to see a change, too few to check a guess. */
  fingerprint: string;
  /** When it was first seen with the value of now. */
  since: Date;
}
