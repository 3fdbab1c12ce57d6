import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import { Authorities, type Authority } from './authority.ts';
import { Verdicts } from './verdicts.ts';

/** Of one question to a store. */
const AT_A_TIME = 1_000;

/**
 * Which of those who were let in before may be good no more: for what lasts longer than a call. What is changed here, or on
 * another replica that says so, is told at once. What nobody tells, as a key that expires or a change in the database by
 * somebody else, is found by asking about all of them together.
 */
@Injectable()
export class Doubts {
  constructor(
    private readonly verdicts: Verdicts,
    private readonly authorities: Authorities,
  ) {}

  /** Told the ids of keys that are to be proven again. What was known of them counts no more by then. */
  listen(listener: (keyId: string) => void): void {
    this.verdicts.onForgotten(listener);
  }

  /** Rejects where a store can't be asked: then nobody is in doubt. */
  async look(principals: Iterable<Principal>): Promise<void> {
    const byAuthority = new Map<Authority, Set<string>>();
    for (const principal of principals) {
      const authority = this.authorities.vouchingFor(principal);
      if (!authority) continue;
      const ids = byAuthority.get(authority);
      if (ids) ids.add(principal.keyId);
      else byAuthority.set(authority, new Set([principal.keyId]));
    }
    for (const [authority, ids] of byAuthority) {
      const all = [...ids];
      for (let at = 0; at < all.length; at += AT_A_TIME) {
        for (const keyId of await authority.doubtful(all.slice(at, at + AT_A_TIME)))
          this.verdicts.doubt(keyId);
      }
    }
  }
}
