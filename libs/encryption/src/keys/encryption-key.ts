import { hkdfSync, randomBytes } from 'node:crypto';

const BYTES = 32;

/** One key of ENCRYPTION_KEY's kind. It seals nothing itself: each use has a key of its own, derived from it (RFC 5869). */
export class EncryptionKey {
  /** Names the key beside what it sealed, and gives nothing of it away: 64 bits, hex. */
  readonly id: string;
  readonly #secret: Buffer;

  /** @param secret 32 random bytes */
  constructor(secret: Buffer) {
    if (secret.length !== BYTES) throw new Error(`An encryption key has ${BYTES} bytes`);
    this.#secret = secret;
    this.id = this.keyFor('key id').toString('hex', 0, 8);
  }

  static generate(): EncryptionKey {
    return new EncryptionKey(randomBytes(BYTES));
  }

  /** 32 bytes for one purpose; neither they nor those of another purpose give this key away. */
  keyFor(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, '', `gatehouse ${purpose}`, BYTES));
  }

  /** For where the key itself has to be kept. */
  toText(): string {
    return this.#secret.toString('base64');
  }
}
