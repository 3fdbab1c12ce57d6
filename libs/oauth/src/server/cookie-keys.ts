import { createHmac } from 'node:crypto';
import { sameDigest } from '#identity';

/** Signs cookies, as the library `cookies` wants it; its own does it with SHA-1. */
export class CookieKeys {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  sign(data: string): string {
    return createHmac('sha256', this.#key).update(data).digest('base64url');
  }

  /** 0 where the key in force has made the signature, -1 where none has. */
  index(data: string, signature: string): number {
    return sameDigest(this.sign(data), signature) ? 0 : -1;
  }

  verify(data: string, signature: string): boolean {
    return this.index(data, signature) === 0;
  }
}
