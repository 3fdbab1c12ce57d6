import { readdir, readFile, writeFile } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { SigningKey } from '../chain/signing-key.ts';
import type { Journal } from '../journal/journal.ts';
import { JournalFolder } from '../journal/journal-folder.ts';
import { openJournal, type OpenJournalOptions } from '../journal/open-journal.ts';
import { FileSource } from '../verify/file-source.ts';
import { verifyJournal, type Report } from '../verify/verify-journal.ts';

export const signingKey = newSigningKey();

/** As AUDIT_SIGNING_KEY has it. */
export function newKeyText(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function newSigningKey(): SigningKey {
  const key = SigningKey.from(newKeyText());
  if (!key) throw new Error('Ed25519 is not available');
  return key;
}

/** A journal in files, whose segments are so small that a few records fill one. */
export function openFileJournal(
  dataDir: string,
  options: Partial<OpenJournalOptions> = {},
): Promise<Journal> {
  return openJournal({ folder: new JournalFolder(dataDir), key: signingKey, segmentBytes: 1024, ...options });
}

export function body(n: number | string): string {
  return `"time":"2025-11-21T08:00:00.000Z","correlation_id":"call-${n}","event":"call","severity":"LOW"`;
}

/** Writes one whole chain: `batches` says how many records arrive at a time. */
export async function writeChain(dataDir: string, batches: readonly number[]): Promise<string> {
  const journal = await openFileJournal(dataDir);
  await appendBatches(journal, batches);
  await journal.close();
  return journal.chain;
}

/** The same as a killed process leaves it: without its last checkpoint. */
export async function writeKilledChain(dataDir: string, batches: readonly number[]): Promise<string> {
  const journal = await openFileJournal(dataDir);
  await appendBatches(journal, batches);
  const path = new JournalFolder(dataDir).checkpointPath(journal.chain);
  const checkpoints = await readFile(path);
  await journal.close();
  await writeFile(path, checkpoints);
  return journal.chain;
}

async function appendBatches(journal: Journal, batches: readonly number[]): Promise<void> {
  let n = 0;
  for (const size of batches) {
    await Promise.all(Array.from({ length: size }, () => journal.append(body(++n), undefined)));
  }
}

export function verifyFiles(dataDir: string): Promise<Report> {
  return verifyJournal({ source: new FileSource(dataDir) });
}

/** Paths of all segments of a chain, in order. */
export async function segmentPaths(dataDir: string, chain: string): Promise<string[]> {
  const folder = new JournalFolder(dataDir);
  const names = await readdir(folder.chainPath(chain));
  return names.sort().map((_, index) => folder.segmentPath(chain, index + 1));
}
