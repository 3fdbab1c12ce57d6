import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { identityConfig } from './identity.config.ts';
import { Pepper, sameDigest } from './pepper.ts';
import type { Proven } from './verdict.ts';

/**
 * The admin credential that GATEHOUSE_API_KEY sets, if it does. It is in no table: once the setting changes, the former
 * value is a key like any other unknown one.
 */
@Injectable()
export class ConfiguredAdmin {
  static readonly principal: Principal = Object.freeze({
    id: 'configured-admin',
    name: 'GATEHOUSE_API_KEY',
    role: 'admin',
    tier: 'enterprise',
    keyId: 'configured',
  });

  readonly #digest: string | undefined;

  constructor(
    private readonly pepper: Pepper,
    @Inject(identityConfig.KEY) { adminKey }: ConfigOf<typeof identityConfig>,
  ) {
    this.#digest = adminKey && pepper.digest(adminKey);
  }

  get exists(): boolean {
    return this.#digest !== undefined;
  }

  /** A verdict that never grows old, or undefined. */
  prove(token: string): Proven | undefined {
    if (!this.#digest || !sameDigest(this.#digest, this.pepper.digest(token))) return undefined;
    const { principal } = ConfiguredAdmin;
    return {
      proven: true,
      credential: 'key',
      principal,
      expiresAt: Infinity,
      askedAt: Infinity,
      usedAt: Infinity,
    };
  }
}
