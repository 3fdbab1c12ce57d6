import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Another replica may not know the new pepper yet, and would take a key whose digest has moved for an unknown one. By then
 * all have it: files and AWS are read far more often, and replicas that are restarted one by one are done.
 */
const SETTLED_MS = 600_000;

/** Digests of one credential: under the pepper of now, and under the one before while there is one. */
export interface Digests {
  readonly current: string;
  readonly former: string | undefined;
}

/** The secret without which the digests in the database are of no use: nobody can check a guess, or plant a key. */
export class Pepper {
  #secret: string;
  #former: string | undefined;
  /** On the clock of `performance.now()`. */
  #since = performance.now();
  readonly #listeners = new Set<() => void>();

  constructor(
    secret: string,
    former?: string,
    private readonly settledMs = SETTLED_MS,
  ) {
    this.#secret = secret;
    this.#former = former;
  }

  static generate(): string {
    return randomBytes(32).toString('base64url');
  }

  /** HMAC-SHA256, base64url. No slow hash is needed: what it hides has 192 random bits. */
  digest(credential: string): string {
    return digestOf(this.#secret, credential);
  }

  digests(credential: string): Digests {
    const former = this.#former;
    return {
      current: this.digest(credential),
      former: former === undefined ? undefined : digestOf(former, credential),
    };
  }

  /** A key of 32 bytes for another purpose, the same on all replicas; neither it nor the pepper gives the other away. */
  keyFor(purpose: string): Buffer {
    return derivedFrom(this.#secret, purpose);
  }

  /** The same of the pepper of now, and then of the one before while there is one: for what has to be known under either. */
  keysFor(purpose: string): readonly Buffer[] {
    const secrets = this.#former === undefined ? [this.#secret] : [this.#secret, this.#former];
    return secrets.map((secret) => derivedFrom(secret, purpose));
  }

  /** Digests by which something may be found: under the pepper of now, and under the one before while there is one. */
  eitherOf(text: string): readonly string[] {
    const { current, former } = this.digests(text);
    return former === undefined ? [current] : [current, former];
  }

  /** Tells two peppers apart, and gives neither away. No credential looks like this text: it has spaces. */
  get fingerprint(): string {
    return this.digest('gatehouse pepper fingerprint 1');
  }

  /** Whether it is time to move digests to the pepper of now. */
  get settled(): boolean {
    return performance.now() - this.#since >= this.settledMs;
  }

  is(secret: string): boolean {
    return this.#secret === secret;
  }

  /** From now on digests are made with another one. What was derived from it before stays as it is. */
  rotate(secret: string, former: string | undefined): void {
    if (secret !== this.#secret) this.#since = performance.now();
    this.#secret = secret;
    this.#former = former;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }
}

function derivedFrom(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `gatehouse ${purpose}`, 32));
}

function digestOf(secret: string, credential: string): string {
  return createHmac('sha256', secret).update(credential).digest('base64url');
}

/** Compares two digests in a time that says nothing of where they differ. */
export function sameDigest(a: string, b: string): boolean {
  const bytesA = Buffer.from(a);
  const bytesB = Buffer.from(b);
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}
