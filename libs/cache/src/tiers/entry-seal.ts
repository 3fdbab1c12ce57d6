import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Form 1 as it is, form 2 compressed. Part of what is authenticated. */
const PLAIN = 1;
const DEFLATED = 2;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FASTEST = { level: 1 };

export interface SealOptions {
  /** 32 bytes, the same in all replicas. */
  key: Buffer;
  compressOverBytes: number;
  /** What no entry of ours exceeds, however it was compressed. */
  maxBytes: number;
}

/**
 * Entries as they lie in Valkey: AES-256-GCM, with a key of its own for each cache key. Who can read Valkey learns neither
 * values nor queries; who can write there can neither make an entry, nor change one, nor put one under another key.
 */
export class EntrySeal {
  readonly #options: SealOptions;

  constructor(options: SealOptions) {
    this.#options = options;
  }

  async seal(cacheKey: string, line: string): Promise<Buffer> {
    const bytes = Buffer.from(line);
    const isLarge = bytes.length > this.#options.compressOverBytes;
    const form = Buffer.of(isLarge ? DEFLATED : PLAIN);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(cacheKey), iv).setAAD(form);
    const body = isLarge ? await deflate(bytes, FASTEST) : bytes;
    return Buffer.concat([form, iv, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined for what was not sealed by us for this key. */
  async open(cacheKey: string, sealed: Buffer): Promise<string | undefined> {
    if (sealed.length < 1 + IV_BYTES + TAG_BYTES) return undefined;
    const form = sealed.subarray(0, 1);
    const iv = sealed.subarray(1, 1 + IV_BYTES);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#keyOf(cacheKey), iv)
        .setAAD(form)
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const body = Buffer.concat([
        decipher.update(sealed.subarray(1 + IV_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]);
      if (form[0] !== DEFLATED) return body.toString();
      return (await inflate(body, { maxOutputLength: this.#options.maxBytes })).toString();
    } catch {
      return undefined;
    }
  }

  /** Of its own, so that random nonces meet only within the writes of one cache key. */
  #keyOf(cacheKey: string): Buffer {
    return createHmac('sha256', this.#options.key).update(cacheKey).digest();
  }
}
