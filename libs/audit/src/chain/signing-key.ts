import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** Where the generated key lies in the data folder. */
export const SIGNING_KEY_FILE = 'audit-signing-key.pem';

const signAside = promisify(sign);

/** The public half of a key that signs checkpoints. */
export class VerifyingKey {
  /** The first 16 hex digits of the SHA-256 of its SPKI form: enough to name it, and to compare by eye. */
  readonly id: string;
  /** SPKI, base64. */
  readonly text: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    const der = key.export({ type: 'spki', format: 'der' });
    this.#key = key;
    this.text = der.toString('base64');
    this.id = hash('sha256', der, 'hex').slice(0, 16);
  }

  /** From SPKI in base64 or PEM, or from the private key. Undefined where it is no Ed25519 key. */
  static from(source: string | KeyObject): VerifyingKey | undefined {
    try {
      const key = createPublicKey(typeof source === 'string' ? spki(source) : source);
      return key.asymmetricKeyType === 'ed25519' ? new VerifyingKey(key) : undefined;
    } catch {
      return undefined;
    }
  }

  verifies(text: string, signature: string): boolean {
    return verify(null, Buffer.from(text), this.#key, Buffer.from(signature, 'hex'));
  }
}

/** The Ed25519 key (RFC 8032) that signs the heads of our chain. */
export class SigningKey {
  readonly public: VerifyingKey;
  readonly #key: KeyObject;

  private constructor(key: KeyObject, verifying: VerifyingKey) {
    this.#key = key;
    this.public = verifying;
  }

  /** From PKCS #8 in PEM or base64. Undefined where it is no Ed25519 key. */
  static from(source: string): SigningKey | undefined {
    try {
      const key = createPrivateKey(pkcs8(source));
      const verifying = VerifyingKey.from(key);
      return verifying && new SigningKey(key, verifying);
    } catch {
      return undefined;
    }
  }

  /** Hex. Made in the thread pool: it takes a busy chain's event loop a hundredth of its time otherwise. */
  async sign(text: string): Promise<string> {
    return (await signAside(null, Buffer.from(text), this.#key)).toString('hex');
  }
}

function pkcs8(source: string) {
  // Env files and consoles that know no line breaks have them as two characters.
  if (source.includes('-----BEGIN')) return source.replaceAll(String.raw`\n`, '\n');
  return { key: Buffer.from(source, 'base64'), format: 'der', type: 'pkcs8' } as const;
}

function spki(source: string) {
  if (source.includes('-----BEGIN')) return source;
  return { key: Buffer.from(source, 'base64'), format: 'der', type: 'spki' } as const;
}
