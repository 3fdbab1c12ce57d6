import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { networkOf } from '#call';
import { Pepper } from '#identity';
import { Database } from '#persistence';
import { lifetimes } from '../lifetimes.ts';
import { FairShare } from '../server/fair-share.ts';
import { ClientStore } from './client-store.ts';
import type { OAuthClient } from './oauth-client.ts';

const DAY_MS = 86_400_000;
/** A client whose person has not let it in by then, nor on the day after, comes back no more. */
const UNUSED_MS = DAY_MS;
/** Of those that no person has let in yet. Behind one network there may be an office. */
const SHARE = { each: 60, all: 1_000 };
/** Those that rest for so long are forgotten. */
const RESTED_MS = 30 * DAY_MS;
/** Of those that have got a token: somebody who may log in has let each of them in. */
const MOST_USED = 10_000;

/**
 * Clients that register themselves (RFC 7591). What strangers leave there is bounded for each network and goes soon;
 * it is a token, which takes a person, that lets a client stay.
 */
@Injectable()
export class Registrations {
  readonly #share: FairShare;

  constructor(
    private readonly database: Database,
    private readonly clients: ClientStore,
    private readonly pepper: Pepper,
  ) {
    // A log-in that is under way ends well.
    const spared = lifetimes.interaction * 1000;
    const rows = { table: 'oauth_clients', until: 'unused_until', agedMs: UNUSED_MS - spared } as const;
    this.#share = new FairShare(database, rows, SHARE);
  }

  /** Says false, and keeps nothing, where too many have come from there that nobody has let in. */
  async admit(client: OAuthClient, address: string, at = new Date()): Promise<boolean> {
    await this.#tidy(at);
    const networks = this.pepper.eitherOf(`oauth network ${networkOf(address)}`);
    if (!(await this.#share.admits(networks, { at }))) return false;
    await this.clients.insert(client, {
      network: networks[0]!,
      unusedUntil: new Date(at.getTime() + UNUSED_MS),
    });
    return true;
  }

  /** A person has let it in. */
  async noteToken(id: string, at = new Date()): Promise<void> {
    await this.database.kysely
      .updateTable('oauth_clients')
      .set({ network: null, unused_until: null, used_at: at })
      .where('id', '=', id)
      .where('unused_until', 'is not', null)
      .execute();
  }

  async #tidy(at: Date): Promise<void> {
    const restedSince = new Date(at.getTime() - RESTED_MS);
    await sql`
      delete from oauth_clients where registered and (
        unused_until <= ${at} or used_at < ${restedSince} or id in (
          select id from oauth_clients where registered and unused_until is null
          order by used_at desc, id offset ${MOST_USED}
        )
      )`.execute(this.database.kysely);
  }
}
