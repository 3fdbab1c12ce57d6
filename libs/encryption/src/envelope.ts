import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { CannotOpen } from './cannot-open.ts';
import type { EncryptionKey } from './keys/encryption-key.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { contextText, joinSealed, splitSealed, type SealContext } from './sealed-text.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A whole table may be under a lost key: that is one line a minute, not one a row. */
const COMPLAIN_EVERY_MS = 60_000;

/**
 * Seals texts for the database: AES-256-GCM with a random nonce of 96 bits. Each place (table, column, row) has a data key
 * of its own, derived from ENCRYPTION_KEY (HKDF-SHA-256), and is authenticated beside the text: so a sealed text that
 * was copied to another place does not open there. An older text of the same place does.
 *
 * Bounds: NIST SP 800-38D, section 8.3, allows one key 2^32 texts with random nonces, for a chance of 2^-32 that two of them
 * meet. A key here seals one place, anew when its row changes or the key is rotated, so it comes nowhere near. Section
 * 5.2.1.1 allows a text 2^36 - 32 bytes.
 *
 * It hides neither the length of a text nor that it has changed.
 */
export class Envelope {
  readonly #ring: KeyRing;
  readonly #logger = new Logger('Encryption');
  #complainedAt = -Infinity;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** Id of the key that seals: what is sealed by another one waits to be sealed anew. */
  get keyId(): string {
    return this.#ring.current.id;
  }

  /** Told after each change of the key that seals. */
  onKeyChange(listener: () => void): void {
    this.#ring.onTurn(listener);
  }

  /** Whether this key opens here. */
  knows(keyId: string | undefined): boolean {
    return keyId !== undefined && this.#ring.get(keyId) !== undefined;
  }

  seal(text: string, context: SealContext): string {
    const key = this.#ring.current;
    const nonce = randomBytes(NONCE_BYTES);
    const { data, aad } = boundTo(context, key);
    const cipher = createCipheriv('aes-256-gcm', data, nonce).setAAD(aad);
    const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return joinSealed({ keyId: key.id, bytes });
  }

  /** @throws {CannotOpen} where it was not sealed for this place by a key that is known here; never gives anything else than the text. */
  open(sealed: string, context: SealContext): string {
    const parts = splitSealed(sealed);
    if (!parts) throw this.#refusal(context, 'it is no sealed text');
    const key = this.#ring.get(parts.keyId);
    if (!key) {
      void this.#ring.onUnknown();
      throw this.#refusal(
        context,
        `key ${parts.keyId} sealed it, and neither ENCRYPTION_KEY nor ENCRYPTION_PREVIOUS_KEYS holds that`,
      );
    }
    const text = decipher(parts.bytes, boundTo(context, key));
    if (text !== undefined) return text;
    throw this.#refusal(context, 'it is not as it was sealed, or was sealed for another place');
  }

  #refusal(context: SealContext, why: string): CannotOpen {
    if (Date.now() - this.#complainedAt >= COMPLAIN_EVERY_MS) {
      this.#complainedAt = Date.now();
      this.#logger.error(`A sealed text in ${context.table}.${context.column} does not open: ${why}`);
    }
    return new CannotOpen(context, why);
  }
}

interface Binding {
  readonly data: Buffer;
  readonly aad: Buffer;
}

function boundTo(context: SealContext, key: EncryptionKey): Binding {
  const place = contextText(context);
  return { data: key.keyFor(`at rest ${place}`), aad: Buffer.from(`${key.id} ${place}`) };
}

function decipher(bytes: Buffer, { data, aad }: Binding): string | undefined {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const tag = bytes.subarray(-TAG_BYTES);
  try {
    const opening = createDecipheriv('aes-256-gcm', data, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    opening.setAAD(aad).setAuthTag(tag);
    const text = opening.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([text, opening.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
