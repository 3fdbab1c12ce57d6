import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { liveValue, Secrets, type Rotating } from '#secrets';
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

  readonly #key: Rotating<string | undefined>;
  #digest: string | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(
    private readonly pepper: Pepper,
    @Inject(identityConfig.KEY) { adminKey }: ConfigOf<typeof identityConfig>,
    @Optional() secrets?: Secrets,
  ) {
    this.#key = liveValue(secrets, identityConfig.settings.adminKey, adminKey);
    const digestAnew = (): void => {
      this.#digest = this.#key.current && pepper.digest(this.#key.current);
      for (const listener of this.#listeners) listener();
    };
    digestAnew();
    this.#key.onChange(digestAnew);
    pepper.onChange(digestAnew);
  }

  get exists(): boolean {
    return this.#digest !== undefined;
  }

  /** Told when it is another one: what was proven by it has to be proven anew. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
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
