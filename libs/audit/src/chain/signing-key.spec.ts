import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SigningKey, VerifyingKey } from './signing-key.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const base64 = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');

describe('a signing key', () => {
  it.each([
    ['PEM', pem],
    ['PEM without line breaks', pem.replaceAll('\n', String.raw`\n`)],
    ['base64', base64],
  ])('is read from %s, and its signatures verify', async (_, source) => {
    const key = SigningKey.from(source);
    const verifying = VerifyingKey.from(key?.public.text ?? '');
    expect(verifying?.id).toBe(key?.public.id);
    expect(verifying?.verifies('text', (await key?.sign('text')) ?? '')).toBe(true);
    expect(verifying?.verifies('other', (await key?.sign('text')) ?? '')).toBe(false);
  });

  it('is no other kind of key, and no text', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    for (const source of [rsa.export({ type: 'pkcs8', format: 'pem' }).toString(), 'secret', '']) {
      expect(SigningKey.from(source)).toBeUndefined();
    }
  });
});
