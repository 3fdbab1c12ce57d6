/** What a sealed text looks like: `gs1.KEYID.BASE64URL`, of nonce, ciphertext and tag. */
const VERSION = 'gs1';
const SHAPE = /^gs1\.([0-9a-f]{16})\.([\w-]+)$/;

/** Where a sealed text belongs. It opens nowhere else. */
export interface SealContext {
  readonly table: string;
  readonly column: string;
  /** What the row is known by for as long as it lives: its primary key, or a natural one. */
  readonly row: string;
}

export interface SealedParts {
  readonly keyId: string;
  readonly bytes: Buffer;
}

export function joinSealed({ keyId, bytes }: SealedParts): string {
  return `${VERSION}.${keyId}.${bytes.toString('base64url')}`;
}

/** Undefined for what was never sealed, or sealed by a later version. */
export function splitSealed(text: string): SealedParts | undefined {
  const [, keyId, body] = SHAPE.exec(text) ?? [];
  return keyId && body ? { keyId, bytes: Buffer.from(body, 'base64url') } : undefined;
}

/** Whether a text has the form of a sealed one. Any may have it: whoever keeps both kinds in one place must seal those, too. */
export function isSealed(text: string): boolean {
  return SHAPE.test(text);
}

/** The same, and the key in it, for PostgreSQL: `substring(text from KEY_IN_SQL)` is null for what is in clear. */
export const KEY_IN_SQL = String.raw`^gs1\.([0-9a-f]{16})\.[A-Za-z0-9_-]+$`;

/** As SQL's `like` finds what a key has sealed. */
export function sealedBy(keyId: string): string {
  return `${VERSION}.${keyId}.%`;
}

/** JSON, so that no two contexts have one text. */
export function contextText({ table, column, row }: SealContext): string {
  return JSON.stringify([VERSION, table, column, row]);
}
