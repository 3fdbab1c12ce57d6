import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Door, Principal } from '#call';
import type { ConfigOf } from '#config';
import { fixed, Secrets, type Rotating } from '#secrets';
import { Authority, type CredentialForm } from './authority.ts';
import { doorTokensConfig } from './door-tokens.config.ts';
import type { Verdict } from './verdict.ts';

const PREFIX = 'gd_';
const KEY_ID = 'door:';
const SHAPE = /^gd_[\w-]{43}$/;

interface Pass {
  readonly credential: string;
  readonly principal: Principal;
  /** A keyed hash of the token that it stands for, where there is one. */
  readonly digest?: Buffer;
}

/**
 * Tokens that open one door and no other: WS_AUTH_TOKEN, TCP_AUTH_TOKEN, and the person who starts `gatehouse stdio`. A
 * door exchanges such a token for a credential that was made at random when the process began and never leaves it, so
 * that the token itself is worth nothing elsewhere, and all that follows sees a credential like any other.
 */
@Injectable()
export class DoorTokens extends Authority {
  override readonly credential = 'key';
  readonly #passes = new Map<Door, Pass>();
  readonly #salt = randomBytes(32);

  constructor(
    @Inject(doorTokensConfig.KEY) tokens: ConfigOf<typeof doorTokensConfig>,
    @Optional() @Inject(Secrets) secrets?: Pick<Secrets, 'watch'>,
  ) {
    super();
    for (const door of ['ws', 'tcp'] as const) {
      const setting = doorTokensConfig.settings[door];
      this.#follow(door, secrets?.watch(setting) ?? fixed(tokens[door]), setting.env);
    }
  }

  /** What is to be verified of a client that shows this token at this door: the token itself, unless it is the door's own. */
  exchange(door: Door, token: string): string {
    const pass = this.#passes.get(door);
    if (!pass?.digest || !timingSafeEqual(pass.digest, this.#digest(token))) return token;
    return pass.credential;
  }

  /** The credential of somebody who has come in by the door without one: whoever started this very process. */
  issue(door: Door, who: Pick<Principal, 'id' | 'name' | 'role'>): string {
    const principal = Object.freeze({ ...who, tier: undefined, keyId: KEY_ID + door });
    const credential = minted();
    this.#passes.set(door, { credential, principal });
    return credential;
  }

  override formOf(token: string): CredentialForm {
    return SHAPE.test(token) ? 'well-formed' : 'foreign';
  }

  override async judge(token: string, askedAt: number): Promise<Verdict> {
    const shown = this.#digest(token);
    const passes = [...this.#passes.values()];
    const found = passes.find(({ credential }) => timingSafeEqual(shown, this.#digest(credential)));
    return verdictOn(found, askedAt);
  }

  override vouchesFor({ keyId }: Principal): boolean {
    return keyId.startsWith(KEY_ID);
  }

  override async renew({ keyId }: Principal, askedAt: number): Promise<Verdict> {
    return verdictOn(
      [...this.#passes.values()].find(({ principal }) => principal.keyId === keyId),
      askedAt,
    );
  }

  /** A new token has a new credential: that of the one before is good no more, nor what was let in by it. */
  #follow(door: Door, token: Rotating<string | undefined>, name: string): void {
    const open = (): void => {
      if (token.current !== undefined) this.#open(door, token.current, name);
    };
    token.onChange(open);
    open();
  }

  #open(door: Door, token: string, name: string): void {
    const id = `${door}-token`;
    const principal: Principal = { id, name, role: 'service', tier: undefined, keyId: KEY_ID + door };
    const digest = this.#digest(token);
    this.#passes.set(door, { credential: minted(), principal: Object.freeze(principal), digest });
  }

  /** Of the same length whatever the text, so that it can be compared in constant time. */
  #digest(text: string): Buffer {
    return createHmac('sha256', this.#salt).update(text).digest();
  }
}

function minted(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

function verdictOn(pass: Pass | undefined, askedAt: number): Verdict {
  if (!pass) return { proven: false, credential: 'key', reason: 'unknown', keyId: undefined, askedAt };
  const { principal } = pass;
  return { proven: true, credential: 'key', principal, expiresAt: Infinity, askedAt, usedAt: Infinity };
}
