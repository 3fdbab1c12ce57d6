import { createHmac } from 'node:crypto';
import { sameDigest } from '#identity';

/** Signs cookies, as the library `cookies` wants it; its own does it with SHA-1. */
export class CookieKeys {
  readonly #keys: () => readonly Buffer[];

  /** @param keys the one that signs, and those before it */
  constructor(keys: () => readonly Buffer[]) {
    this.#keys = keys;
  }

  sign(data: string): string {
    return signed(data, this.#keys()[0]!);
  }

  /** Which key has made the signature: 0 where it is the one in force, -1 where none has. */
  index(data: string, signature: string): number {
    return this.#keys().findIndex((key) => sameDigest(signed(data, key), signature));
  }

  verify(data: string, signature: string): boolean {
    return this.index(data, signature) >= 0;
  }
}

function signed(data: string, key: Buffer): string {
  return createHmac('sha256', key).update(data).digest('base64url');
}
