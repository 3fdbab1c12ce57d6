import type { Head } from '../chain/chain-link.ts';
import { VerifyingKey, type SigningKey } from '../chain/signing-key.ts';

/** Of one chain all is gone up to this record, because its time was over. What follows names it as the one before. */
export interface Removed extends Head {
  /** The last segment that is gone. */
  readonly segment: number;
  /** The key that signed the chain's checkpoints, for its first record is gone, too; SPKI, base64. */
  readonly key: string;
}

/** All that was ever removed by those who sign with one key, in one statement: so no part of it can be left out. */
export interface Removal {
  /** ISO 8601; what happened before that was to go. */
  readonly before: string;
  readonly chains: ReadonlyMap<string, Removed>;
  readonly key: VerifyingKey;
}

/** Hex, for base64 has several spellings of the same bytes. */
const SIGNATURE = /,"signature":"([0-9a-f]{128})"\}$/;
/** A checkpoint begins otherwise, so that neither can stand for the other. */
const START = '{"removed":[';

/** As it is stored: one line of JSON in ASCII, its signature last. */
export async function signRemoval(
  key: SigningKey,
  { before, chains }: Pick<Removal, 'before' | 'chains'>,
): Promise<string> {
  const removed = [...chains.values()].map((one) => ({
    chain: one.chain,
    segment: one.segment,
    seq: one.seq,
    hash: one.hash,
    key: one.key,
  }));
  const text = JSON.stringify({ removed, before, time: new Date().toISOString(), key: key.public.text });
  return `${text.slice(0, -1)},"signature":"${await key.sign(text)}"}`;
}

/**
 * Reads a stored one. Undefined where it is not as it was signed. It names its key itself, as the first record of a chain
 * does: whether that key is to be trusted, the reader has to know.
 */
export function readRemoval(line: string): Removal | undefined {
  const [tail, signature = ''] = SIGNATURE.exec(line) ?? [];
  if (!tail || !line.startsWith(START)) return undefined;
  const text = `${line.slice(0, -tail.length)}}`;
  try {
    const { removed, before, key } = JSON.parse(text) as { removed: Removed[]; before: string; key: string };
    const verifying = VerifyingKey.from(key);
    if (!verifying?.verifies(text, signature)) return undefined;
    return { before, key: verifying, chains: new Map(removed.map((one) => [one.chain, one])) };
  } catch {
    return undefined;
  }
}
