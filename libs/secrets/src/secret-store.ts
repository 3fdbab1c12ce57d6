import type { SecretEntry } from './secret-entries.ts';

export interface SecretVersion {
  readonly text: string;
  readonly writtenAt: Date | undefined;
}

/** A service that keeps secrets. */
export abstract class SecretStore {
  /** Undefined where there is no such secret. @throws SecretFailure when it can't be had */
  abstract read(entry: SecretEntry): Promise<SecretVersion | undefined>;
  /** Its full name there, for people. */
  abstract idOf(entry: string): string;
  abstract close(): void;
}
