import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

const MANIFEST = 'manifest.json';

/** What a backup holds, written last: one without it was never finished. */
export interface Manifest {
  /** ISO 8601. */
  readonly created: string;
  readonly bytes: number;
  /** SHA-256, hex, of each file, by its path from the backup's folder. */
  readonly files: Readonly<Record<string, string>>;
}

export async function makeManifest(folder: string, created: Date): Promise<Manifest> {
  const files: Record<string, string> = {};
  let bytes = 0;
  for (const path of await filesIn(folder)) {
    files[path] = await digestOf(join(folder, path));
    bytes += (await stat(join(folder, path))).size;
  }
  const manifest = { created: created.toISOString(), bytes, files };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`, {
    mode: 0o600,
    flush: true,
  });
  return manifest;
}

export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Partial<Manifest>;
    const { created, bytes, files } = manifest;
    return typeof created === 'string' && typeof bytes === 'number' && files
      ? { created, bytes, files }
      : undefined;
  } catch {
    return undefined;
  }
}

/** What is not as it was backed up, in words. */
export async function faultsOf(folder: string, { files }: Manifest): Promise<string[]> {
  const present = new Set((await filesIn(folder)).filter((path) => path !== MANIFEST));
  const faults = [...present].filter((path) => !(path in files)).map((path) => `${path} was added`);
  for (const [path, digest] of Object.entries(files)) {
    if (!present.has(path)) faults.push(`${path} is missing`);
    else if ((await digestOf(join(folder, path))) !== digest) faults.push(`${path} was changed`);
  }
  return faults;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
