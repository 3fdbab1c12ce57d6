import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { signingKeyIn } from './signing-key-file.ts';
import { SIGNING_KEY_FILE } from './signing-key.ts';

describe('the signing key of a data folder', () => {
  it('is made once, for its owner only', async () => {
    await using data = await scratchFolder();
    const [first, second] = [await signingKeyIn(data.path), await signingKeyIn(data.path)];
    expect(second.public.id).toBe(first.public.id);
    expect((await stat(join(data.path, SIGNING_KEY_FILE))).mode & 0o777).toBe(0o600);
  });

  it('stops the start where its file holds something else', async () => {
    await using data = await scratchFolder();
    await writeFile(join(data.path, SIGNING_KEY_FILE), 'nonsense');
    await expect(signingKeyIn(data.path)).rejects.toThrow('holds no Ed25519 private key');
  });
});
