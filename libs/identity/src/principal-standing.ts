import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import { CredentialUnknown, GatehouseError } from '#errors';
import { Authorities } from './authority.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { refusals } from './refusals.ts';

/**
 * Whether somebody who was let in before would still be: for work that goes on when its caller has gone, and holds no
 * credential.
 */
@Injectable()
export class PrincipalStanding {
  constructor(
    private readonly authorities: Authorities,
    private readonly configured: ConfiguredAdmin,
  ) {}

  /** The principal as it is now. @throws CredentialUnknown, CredentialInvalid, CredentialExpired; GatehouseError UNAVAILABLE */
  async renew(principal: Principal): Promise<Principal> {
    if (principal.keyId === ConfiguredAdmin.principal.keyId) {
      if (this.configured.exists) return ConfiguredAdmin.principal;
      throw new CredentialUnknown();
    }
    const verdict = await this.#judge(principal);
    if (!verdict?.proven) throw refusals[verdict?.credential ?? 'key'].unknown();
    if (Date.now() >= verdict.expiresAt) throw refusals[verdict.credential].expired();
    return verdict.principal;
  }

  async #judge(principal: Principal) {
    try {
      return await this.authorities.vouchingFor(principal)?.renew(principal, performance.now());
    } catch (cause) {
      throw new GatehouseError('UNAVAILABLE', 'Credentials cannot be checked at the moment: try again', {
        cause,
      });
    }
  }
}
