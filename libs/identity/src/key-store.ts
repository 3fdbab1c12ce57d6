import type { Principal } from '#call';
import type { ApiKey } from './api-key.record.ts';

export interface KeyPage {
  readonly keys: readonly ApiKey[];
  /** How many there are in all. */
  readonly total: number;
}

/** Where issued keys are kept, by the digest of each. */
export abstract class KeyStore {
  /** The key that has one of these digests. One question: a digest may be moved between two. */
  abstract find(digests: readonly string[]): Promise<ApiKey | undefined>;
  /** Gives the key that has the digest `from`, if one has, the digest `to`: of the same key under another pepper. */
  abstract moveDigest(from: string, to: string): Promise<void>;
  abstract get(id: string): Promise<ApiKey | undefined>;
  /** The key that was put in the place of this one. */
  abstract successorOf(id: string): Promise<ApiKey | undefined>;
  /** The youngest first. */
  abstract list(page: { skip: number; limit: number }): Promise<KeyPage>;
  abstract isEmpty(): Promise<boolean>;

  /**
   * Says false, and keeps nothing, when the name is in use (letter case aside).
   * @param by whoever makes it: refused where that one is good no more (`requireMaker`)
   */
  abstract insert(key: ApiKey, digest: string, by?: Principal): Promise<boolean>;

  /**
   * In one step, puts `next` in the place of the key `next.rotatedFrom`, which ends at `endsAt` if it does not end earlier.
   * Says false, and changes nothing, when that key was revoked or superseded meanwhile.
   */
  abstract supersede(next: ApiKey, digest: string, endsAt: Date, by?: Principal): Promise<boolean>;

  /**
   * Says false, and changes nothing, when `sparing` the last admin and no other key of an admin works at `at`.
   * A key that is revoked already stays as it is.
   */
  abstract revoke(id: string, at: Date, sparing: 'last-admin' | 'none'): Promise<boolean>;

  /** Which of these are there, not revoked, and not expired at `at`. */
  abstract goodAmong(ids: readonly string[], at: Date): Promise<ReadonlySet<string>>;

  /** Notes when keys were last used, by their ids. */
  abstract touch(uses: ReadonlyMap<string, Date>): Promise<void>;
}
