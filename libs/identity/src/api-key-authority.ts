import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import { formOf } from './api-key.ts';
import { stateOf, type ApiKey } from './api-key.record.ts';
import { Authority, type CredentialForm } from './authority.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { KeyStore } from './key-store.ts';
import { Pepper, type Digests } from './pepper.ts';
import { RecentMap } from './recent-map.ts';
import type { Verdict } from './verdict.ts';

/** About 1 MB when full; the digests of keys that fall out are looked at again. */
const CAPACITY = 10_000;

/** Keys that Gatehouse has issued, and keeps by their digests. */
@Injectable()
export class ApiKeyAuthority extends Authority {
  override readonly credential = 'key';
  /** Keys whose digests are of the pepper of now, as far as this process has seen to that. */
  #moved = new RecentMap<true>(CAPACITY);

  constructor(
    private readonly store: KeyStore,
    private readonly pepper: Pepper,
  ) {
    super();
    pepper.onChange(() => (this.#moved = new RecentMap(CAPACITY)));
  }

  override formOf(token: string): CredentialForm {
    return formOf(token);
  }

  override async judge(token: string, askedAt: number): Promise<Verdict> {
    const digests = this.pepper.digests(token);
    const { current, former } = digests;
    const key = await this.store.find(former === undefined ? [current] : [current, former]);
    const verdict = verdictOn(key, askedAt);
    if (verdict.proven) this.#move(verdict.principal.keyId, digests);
    return verdict;
  }

  /** Keys have ids of their own; the credentials of others are named after what they are, as in `session:…`. */
  override vouchesFor({ keyId }: Principal): boolean {
    return !keyId.includes(':');
  }

  /** It stands and falls with the key that was shown; one that was rotated since is followed to the key in its place. */
  override async renew({ keyId }: Principal, askedAt: number): Promise<Verdict> {
    let key = await this.store.get(keyId);
    while (key?.supersededAt && stateOf(key) === 'expired') key = await this.store.successorOf(key.id);
    return verdictOn(key, askedAt);
  }

  override async doubtful(keyIds: readonly string[]): Promise<readonly string[]> {
    const asked = keyIds.filter((id) => id !== ConfiguredAdmin.principal.keyId);
    if (asked.length === 0) return [];
    const good = await this.store.goodAmong(asked, new Date());
    return asked.filter((id) => !good.has(id));
  }

  /** Behind the call: where it fails, the next one does it. */
  #move(keyId: string, { current, former }: Digests): void {
    if (former === undefined || !this.pepper.settled || this.#moved.has(keyId)) return;
    this.#moved.set(keyId, true);
    this.store.moveDigest(former, current).catch(() => this.#moved.delete(keyId));
  }
}

function verdictOn(key: ApiKey | undefined, askedAt: number): Verdict {
  if (!key || key.revokedAt) {
    const reason = key ? 'revoked' : 'unknown';
    return { proven: false, credential: 'key', reason, keyId: key?.id, askedAt };
  }
  const { id: keyId, principalId: id, name, role, tier } = key;
  return {
    proven: true,
    credential: 'key',
    principal: Object.freeze({ id, name, role, tier, keyId }),
    expiresAt: key.expiresAt.getTime(),
    askedAt,
    usedAt: key.lastUsedAt?.getTime() ?? 0,
  };
}
