import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import { formOf } from './api-key.ts';
import { stateOf, type ApiKey } from './api-key.record.ts';
import { Authority, type CredentialForm } from './authority.ts';
import { KeyStore } from './key-store.ts';
import { Pepper } from './pepper.ts';
import type { Verdict } from './verdict.ts';

/** Keys that Gatehouse has issued, and keeps by their digests. */
@Injectable()
export class ApiKeyAuthority extends Authority {
  override readonly credential = 'key';

  constructor(
    private readonly store: KeyStore,
    private readonly pepper: Pepper,
  ) {
    super();
  }

  override formOf(token: string): CredentialForm {
    return formOf(token);
  }

  override async judge(token: string, askedAt: number): Promise<Verdict> {
    return verdictOn(await this.store.find(this.pepper.digest(token)), askedAt);
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
