import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { certificateExpiry, dueAfterDays, secretsDue } from './expiry.ts';
import './gateway.module.ts'; // each lib declares its settings

const DAY_S = 86_400;

const after = (days: number): number => (1_000_000 + days * DAY_S) * 1000;

describe('what expires', () => {
  it('is a secret, 90 days after its file was written; what signs, seals and hashes, 180', async () => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'pepper');
    await writeFile(file, 'a secret');
    await utimes(file, 1_000_000, 1_000_000);
    const due = await secretsDue({
      VALKEY_PASSWORD_FILE: file,
      API_KEY_PEPPER_FILE: file,
      REQUEST_STATE_PREVIOUS_SECRET_FILE: file,
      HOME_FILE: file,
    });
    expect(Object.fromEntries(due)).toEqual({ VALKEY_PASSWORD: after(90), API_KEY_PEPPER: after(180) });
    expect(dueAfterDays('JWT_SECRET')).toBe(180);
  });

  it('is the certificate that clients are shown', async () => {
    await using folder = await scratchFolder();
    const notAfterDate = new Date('2031-05-01T00:00:00Z');
    const { cert } = await generate([{ name: 'commonName', value: 'localhost' }], { notAfterDate });
    const path = join(folder.path, 'cert.pem');
    await writeFile(path, cert);
    expect(await certificateExpiry({ SSL_CERT_PATH: path })).toBe(notAfterDate.getTime());
    expect(await certificateExpiry({})).toBeNaN();
  });
});
