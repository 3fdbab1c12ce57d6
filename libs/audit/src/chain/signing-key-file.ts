import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { keepFile, readKept } from '#persistence';
import { SIGNING_KEY_FILE, SigningKey } from './signing-key.ts';

/** The key of the data folder, made on first use. */
export async function signingKeyIn(folder: string): Promise<SigningKey> {
  const path = join(folder, SIGNING_KEY_FILE);
  const key = SigningKey.from((await readKept(path)) ?? (await makeKeyFile(path)));
  if (!key)
    throw new Error(
      `${path} holds no Ed25519 private key in PEM: restore it, or remove it to have a new one`,
    );
  return key;
}

async function makeKeyFile(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await keepFile(path, pem);
  return pem;
}
