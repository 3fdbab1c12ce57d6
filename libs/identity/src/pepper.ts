import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** The secret without which the digests in the database are of no use: nobody can check a guess, or plant a key. */
export class Pepper {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  static generate(): string {
    return randomBytes(32).toString('base64url');
  }

  /** HMAC-SHA256, base64url. No slow hash is needed: what it hides has 192 random bits. */
  digest(credential: string): string {
    return createHmac('sha256', this.#secret).update(credential).digest('base64url');
  }

  /** A key of 32 bytes for another purpose, the same on all replicas; neither it nor the pepper gives the other away. */
  keyFor(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, '', `gatehouse ${purpose}`, 32));
  }

  /** Tells two peppers apart, and gives neither away. No credential looks like this text: it has spaces. */
  get fingerprint(): string {
    return this.digest('gatehouse pepper fingerprint 1');
  }
}

/** Compares two digests in a time that says nothing of where they differ. */
export function sameDigest(a: string, b: string): boolean {
  const bytesA = Buffer.from(a);
  const bytesB = Buffer.from(b);
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}
