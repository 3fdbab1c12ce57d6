import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { weaknessOf } from './weakness/weakness-of.ts';

/** Safe in a URL, in a shell and in a file of `NAME=value` lines. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** 384 bits, and 288. */
const JWT_LENGTH = 64;
const LENGTH = 48;

const makers: Readonly<Record<string, () => string>> = {
  JWT_SECRET: () => randomSecret(JWT_LENGTH),
  MCP_SIG_SECRET: () => randomSecret(LENGTH),
  AGENT_SIG_SECRET: () => randomSecret(LENGTH),
  ADMIN_SECRET_KEY: () => randomSecret(LENGTH),
  API_KEY_PEPPER: () => randomSecret(LENGTH),
  GATEHOUSE_API_KEY: () => randomSecret(LENGTH),
  REQUEST_STATE_SECRET: () => randomSecret(LENGTH),
  VALKEY_PASSWORD: () => randomSecret(LENGTH),
  DATABASE_PASSWORD: () => randomSecret(LENGTH),
  WS_AUTH_TOKEN: () => randomSecret(LENGTH),
  TCP_AUTH_TOKEN: () => randomSecret(LENGTH),
  ENCRYPTION_KEY: () => randomBytes(32).toString('base64'),
  AUDIT_SIGNING_KEY: () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
};

/** One of each secret that an operator gives Gatehouse (SEN-8), by the names of their settings. */
export function generateSecrets(): ReadonlyMap<string, string> {
  return new Map(Object.entries(makers).map(([name, make]) => [name, make()]));
}

/** One that production accepts: of those that chance makes, the check refuses one in many millions. */
export function randomSecret(length: number): string {
  for (;;) {
    const characters = Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]);
    const secret = characters.join('');
    // A value that begins with a dash is an option to many a program.
    if (weaknessOf(secret, length) === undefined && !secret.startsWith('-')) return secret;
  }
}
