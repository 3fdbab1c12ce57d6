import type { Head } from './chain-link.ts';
import type { SigningKey, VerifyingKey } from './signing-key.ts';

/** How far a chain has come, at one moment. */
export interface Position extends Head {
  /** Which piece of the chain the record is in; 1 is the first. */
  readonly segment: number;
  /** Length of that piece, in bytes, up to the end of the record. */
  readonly bytes: number;
}

/**
 * `open`: more may follow, in this segment or the next. `sealed`: the next segment follows. `closed`: nothing follows.
 * `recovered`: the process was killed, and nothing follows but a line that it never finished.
 */
export type ChainState = 'open' | 'sealed' | 'closed' | 'recovered';

/** The signed head of a chain: without it, nobody could tell a chain from one whose end was cut off. */
export interface Checkpoint extends Position {
  readonly state: ChainState;
  /** ISO 8601, milliseconds. */
  readonly time: string;
  /** Id of the key that signed it. */
  readonly key: string;
  /** Records of other chains that were there at that moment, so that none of those can vanish as a whole. */
  readonly peers: readonly Head[];
}

export interface Statement {
  readonly position: Position;
  readonly state: ChainState;
  readonly peers?: readonly Head[];
}

/** A checkpoint as it is stored: one line of JSON in ASCII, its signature last. */
export async function signCheckpoint(
  key: SigningKey,
  { position, state, peers = [] }: Statement,
): Promise<string> {
  const { chain, segment, seq, hash, bytes } = position;
  const time = new Date().toISOString();
  const named = peers.map((peer) => ({ chain: peer.chain, seq: peer.seq, hash: peer.hash }));
  const text = JSON.stringify({
    chain,
    segment,
    seq,
    hash,
    bytes,
    state,
    time,
    key: key.public.id,
    peers: named,
  });
  return `${text.slice(0, -1)},"signature":"${await key.sign(text)}"}`;
}

/** Hex, for base64 has several spellings of the same bytes. */
const SIGNATURE = /,"signature":"([0-9a-f]{128})"\}$/;

/**
 * Reads a stored checkpoint. Undefined where it was altered: the signature is over the bytes, and must be by the key
 * that the checkpoint names.
 */
export function readCheckpoint(
  line: string,
  keys: ReadonlyMap<string, VerifyingKey>,
): Checkpoint | undefined {
  const found = SIGNATURE.exec(line);
  if (!found) return undefined;
  const [tail, signature = ''] = found;
  const text = `${line.slice(0, -tail.length)}}`;
  try {
    const checkpoint = JSON.parse(text) as Checkpoint;
    return keys.get(checkpoint.key)?.verifies(text, signature) ? checkpoint : undefined;
  } catch {
    return undefined;
  }
}
