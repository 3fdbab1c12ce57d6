import type { Setting } from '#config';

/** A secret that may change while the program runs. Read `current` where it is used; keep no copy. */
export interface Rotating<T> {
  readonly current: T;
  /** What it was before the last change that this process has seen: for what was made with it and is still about. */
  readonly previous: T | undefined;
  /** Told after each change; all secrets that changed together have changed by then. The answer ends that. */
  onChange(listener: () => void): () => void;
}

/** How a secret comes into use that counts only once its user has taken it. */
export interface Adoption<T extends readonly unknown[]> {
  /**
   * The secret, and those beside it, as the one before or the URL that a password is for: none is taken into use without a look
   * at the others.
   */
  readonly settings: { readonly [K in keyof T]: Setting<T[K]> };
  /** What the program has begun with, of the first. */
  readonly current: T[0];
  /**
   * Takes these into use, of which one at least is new. Answers why it does not, in words for the operator: then all stay as
   * they were, and it is asked again until they are taken.
   */
  readonly adopt: (...values: T) => Promise<string | undefined>;
}

export type SecretSource = 'environment' | 'file' | 'aws';

/** What is known of a secret, without its value. */
export interface SecretState {
  /** The environment variable: `JWT_SECRET`. */
  readonly name: string;
  readonly source: SecretSource;
  /** When its source says that it was written: the age of the file, or of the version in AWS. */
  readonly writtenAt: Date | undefined;
  /** A few bits: enough to see a change, too few to check a guess. */
  readonly fingerprint: string;
  /** Why its newest value is not used; the one before is. */
  readonly refused: string | undefined;
}

/** What happens to secrets while the program runs. No value is ever part of it. */
export type SecretNews =
  | { readonly event: 'secret_rotated'; readonly name: string; readonly source: SecretSource }
  | { readonly event: 'secret_refused'; readonly name: string; readonly reason: string }
  | { readonly event: 'secrets_unavailable'; readonly reason: string }
  | { readonly event: 'secrets_available' };

/** Where every part of the program gets its secrets: the environment, else a file, else AWS Secrets Manager. */
export abstract class Secrets {
  /** The value of a secret setting, now and after each rotation: `watch(identityConfig.settings.adminKey)`. */
  abstract watch<T>(setting: Setting<T>): Rotating<T>;

  /** For a secret that can't be taken into use by everybody at once: nobody is told that it has changed before it is. */
  abstract adopt<T extends readonly [unknown, ...unknown[]]>(adoption: Adoption<T>): void;

  /** Refuses new values of a secret that only a start can take into use. `keeps` answers whether one is none of those. */
  abstract guard<T>(setting: Setting<T>, keeps: (next: T) => boolean): void;

  /**
   * Looks for new values now: for whoever was just refused with the old one. Never rejects; asked more often than every
   * few seconds, it does nothing.
   */
  abstract refresh(): Promise<void>;

  /** All secrets that are set. */
  abstract states(): readonly SecretState[];

  /** Why the secret store can't be asked, while it can't; values of before are used meanwhile. */
  abstract readonly unavailable: string | undefined;

  abstract onNews(listener: (news: SecretNews) => void): () => void;
}
