import { generateKeyPairSync, randomUUID, type JsonWebKey } from 'node:crypto';

export const SIGNING_ALGORITHM = 'ES256';

/** A key pair that signs access tokens; other parties read the public half at `/oauth/jwks`. */
export interface SigningKey {
  readonly kid: string;
  readonly publicJwk: JsonWebKey;
  readonly privateJwk: JsonWebKey;
  readonly createdAt: Date;
  /** From then on it signs. It is published before. */
  readonly signsFrom: Date;
  /** From then on nothing that it signed counts. */
  readonly expiresAt: Date | undefined;
}

/** What may be told of it. */
export interface SigningKeyView {
  kid: string;
  algorithm: string;
  status: 'published' | 'signing' | 'verifying';
  created_at: string;
  signs_from: string;
  expires_at: string | null;
}

export function generateSigningKey(signsFrom: Date): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const marks = { kid: randomUUID(), alg: SIGNING_ALGORITHM, use: 'sig' };
  return {
    kid: marks.kid,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), ...marks },
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...marks },
    createdAt: new Date(),
    signsFrom,
    expiresAt: undefined,
  };
}

/** The one that signs now: the newest whose time has come. */
export function signerOf(keys: readonly SigningKey[], now = Date.now()): SigningKey | undefined {
  return keys
    .filter(({ signsFrom }) => signsFrom.getTime() <= now)
    .toSorted((a, b) => b.signsFrom.getTime() - a.signsFrom.getTime())[0];
}

export function viewOf(key: SigningKey, keys: readonly SigningKey[]): SigningKeyView {
  const { kid, createdAt, signsFrom, expiresAt } = key;
  const signing = signerOf(keys)?.kid === kid;
  return {
    kid,
    algorithm: SIGNING_ALGORITHM,
    status: signing ? 'signing' : signsFrom.getTime() > Date.now() ? 'published' : 'verifying',
    created_at: createdAt.toISOString(),
    signs_from: signsFrom.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
  };
}
