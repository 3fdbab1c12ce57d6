import { SecretFailure } from './secret-failure.ts';

/** What Secrets Manager itself allows. */
export const MOST_BYTES = 65_536;

/** Of a database, as RDS keeps and rotates it. */
interface DatabaseCredentials {
  username?: unknown;
  password?: unknown;
  host?: unknown;
  port?: unknown;
  dbname?: unknown;
}

export interface Kept {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}

/**
 * The text of a secret, however it is kept: as text, as bytes that are text, or as a JSON object, of which it is the field
 * `value`, the last part of the entry's name, or `password`. RDS's account of a database becomes a URL where one is wanted.
 * @throws SecretFailure for what is none of these
 */
export function secretText(entry: string, { SecretString: text, SecretBinary: bytes }: Kept): string {
  const raw = (text ?? decoded(bytes)).trim();
  if (raw === '') throw new SecretFailure('it is empty');
  if (Buffer.byteLength(raw) > MOST_BYTES) throw new SecretFailure(`it is larger than ${MOST_BYTES} bytes`);
  const fields = raw.startsWith('{') ? objectIn(raw) : undefined;
  return fields ? fieldOf(entry, fields) : raw;
}

function decoded(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) throw new SecretFailure('it is empty');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SecretFailure('it is binary and no text');
  }
}

function objectIn(raw: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function fieldOf(entry: string, fields: Record<string, unknown>): string {
  const last = entry.slice(entry.lastIndexOf('/') + 1);
  const names = ['value', last, last.replaceAll('-', '_'), 'password'];
  if (entry === 'database/url' && !Object.hasOwn(fields, 'value') && !Object.hasOwn(fields, 'url')) {
    return urlOf(fields);
  }
  const name = names.find((one) => Object.hasOwn(fields, one) && typeof fields[one] === 'string');
  const value = name === undefined ? '' : (fields[name] as string);
  if (value !== '') return value;
  throw new SecretFailure(`it is a JSON object without a text "value", "${last}" or "password"`);
}

function urlOf({ username, password, host, port, dbname }: DatabaseCredentials): string {
  const texts = [username, password, host];
  if (!texts.every((text) => typeof text === 'string' && text !== '')) {
    throw new SecretFailure('it is a JSON object without "username", "password" and "host"');
  }
  const [user, secret, server] = texts as string[];
  const url = new URL(`postgres://${server}`);
  url.username = encodeURIComponent(user!);
  url.password = encodeURIComponent(secret!);
  if (typeof port === 'number' || typeof port === 'string') url.port = String(port);
  if (typeof dbname === 'string') url.pathname = `/${encodeURIComponent(dbname)}`;
  return url.href;
}
