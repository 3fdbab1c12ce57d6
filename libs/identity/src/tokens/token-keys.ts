import { createHmac } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { fixed, Secrets, signingSecretsConfig, type Rotating } from '#secrets';
import { Pepper } from '../pepper.ts';
import { tokensConfig } from './tokens.config.ts';

export interface TokenKey {
  /** In the header of each token that it has signed (RFC 7515, section 4.1.4). Tells keys apart, and gives none away. */
  readonly kid: string;
  readonly secret: string;
}

const { jwtSecret, jwtPreviousSecret } = signingSecretsConfig.settings;

/**
 * The keys of users' tokens: one that signs, and those before it, which verify until what they have signed has expired.
 * JWT_SECRET may change while the program runs; without it the key is made of the pepper, the same on all replicas.
 */
@Injectable()
export class TokenKeys {
  readonly #current: Rotating<string | undefined>;
  readonly #previous: Rotating<string | undefined>;
  readonly #longestMs: number;
  #fallbacks: readonly string[] = [];
  #seen: string | undefined;
  #changedAt = -Infinity;
  #known: { of: readonly (string | undefined)[]; keys: readonly TokenKey[] } = { of: [], keys: [] };

  constructor(
    private readonly pepper: Pepper,
    @Inject(tokensConfig.KEY) { accessHours }: ConfigOf<typeof tokensConfig>,
    @Optional() @Inject(Secrets) private readonly secrets?: Secrets,
  ) {
    this.#current = secrets?.watch(jwtSecret) ?? fixed(undefined);
    this.#previous = secrets?.watch(jwtPreviousSecret) ?? fixed(undefined);
    this.#longestMs = accessHours * 3_600_000;
    this.#seen = this.#current.current;
    this.#current.onChange(() => this.#noteChange());
    const derive = (): void => {
      this.#fallbacks = pepper.keysFor('jwt').map((key) => key.toString('base64url'));
    };
    pepper.onChange(derive);
    derive();
  }

  /** Signs from now on. */
  get signing(): TokenKey {
    return this.#keys()[0]!;
  }

  /** Undefined for a key that was never ours, or was given up. */
  find(kid: string): TokenKey | undefined {
    const found = this.#keys().find((key) => key.kid === kid);
    // Which does nothing where it was asked a few seconds ago: no flood of unknown keys is a flood of look-ups.
    if (!found) void this.secrets?.refresh();
    return found;
  }

  #noteChange(): void {
    if (this.#seen === this.#current.current) return;
    this.#seen = this.#current.current;
    this.#changedAt = Date.now();
  }

  #keys(): readonly TokenKey[] {
    this.#noteChange();
    // Whoever had learnt the one before can't go by it for longer than a token of it could.
    const isOver = Date.now() - this.#changedAt >= this.#longestMs;
    const before = isOver ? undefined : this.#current.previous;
    const own = this.#current.current;
    const signing = own === undefined ? this.#ownFallbacks() : [own];
    const of = [...signing, before, this.#previous.current];
    const { of: known } = this.#known;
    if (of.length !== known.length || of.some((secret, index) => secret !== known[index]))
      this.#known = { of, keys: of.flatMap((secret) => (secret === undefined ? [] : [keyOf(secret)])) };
    return this.#known.keys;
  }

  /** A new pepper signs once all replicas know it, as digests move; until then the one before does. */
  #ownFallbacks(): readonly string[] {
    return this.pepper.settled ? this.#fallbacks : this.#fallbacks.toReversed();
  }
}

function keyOf(secret: string): TokenKey {
  const kid = createHmac('sha256', secret).update('gatehouse key id').digest('base64url').slice(0, 11);
  return { kid, secret };
}
