import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { liveValue, Secrets, type Rotating } from '#secrets';
import { formOf } from './api-key.ts';
import { identityConfig } from './identity.config.ts';
import { Pepper, sameDigest } from './pepper.ts';
import type { Proven } from './verdict.ts';

/**
 * The admin credential that GATEHOUSE_API_KEY sets, if it does. It is in no table: once the setting changes, the former
 * value is a key like any other unknown one.
 *
 * A key that was issued is none, even if it stands there: commands send GATEHOUSE_API_KEY too, and a gateway started from
 * the shell of a client must not make that client's key, or one that was revoked, an admin for ever.
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

  readonly #log = new Logger('Identity');
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
      const key = this.#ownKey();
      this.#digest = key && pepper.digest(key);
      for (const listener of this.#listeners) listener();
    };
    digestAnew();
    this.#key.onChange(digestAnew);
    pepper.onChange(digestAnew);
  }

  #ownKey(): string | undefined {
    const key = this.#key.current;
    if (!key || formOf(key) !== 'well-formed') return key;
    this.#log.warn(
      'GATEHOUSE_API_KEY is a key that was issued (gk_…): it may what it was issued for, and is not the admin credential of this gateway',
    );
    return undefined;
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
