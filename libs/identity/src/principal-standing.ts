import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import { CredentialExpired, CredentialUnknown } from '#errors';
import { stateOf } from './api-key.record.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { KeyStore } from './key-store.ts';
import { verdictOn } from './verdict.ts';

/**
 * Whether somebody who was let in before would still be: for work that goes on when its caller has gone, and holds no
 * credential. It stands and falls with the key that was shown; one that was rotated since is followed to the key in its
 * place.
 */
@Injectable()
export class PrincipalStanding {
  constructor(
    private readonly keys: KeyStore,
    private readonly configured: ConfiguredAdmin,
  ) {}

  /** The principal as it is now. @throws CredentialUnknown, CredentialExpired; GatehouseError UNAVAILABLE */
  async renew({ keyId }: Principal): Promise<Principal> {
    if (keyId === ConfiguredAdmin.principal.keyId) {
      if (this.configured.exists) return ConfiguredAdmin.principal;
      throw new CredentialUnknown();
    }
    let key = await this.keys.get(keyId);
    while (key?.supersededAt && stateOf(key) === 'expired') key = await this.keys.successorOf(key.id);
    const verdict = verdictOn(key, performance.now());
    if (!verdict.proven) throw new CredentialUnknown();
    if (Date.now() >= verdict.expiresAt) throw new CredentialExpired();
    return verdict.principal;
  }
}
