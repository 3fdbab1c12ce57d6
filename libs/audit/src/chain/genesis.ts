import { hostname } from 'node:os';
import type { Head } from './chain-link.ts';
import { VerifyingKey } from './signing-key.ts';

/** What the first record of a chain says beside its time and event. */
export interface Genesis {
  /** The key that signs the chain's checkpoints; SPKI, base64. */
  readonly key: string;
  /** Where the chains that it ties to are: in `database`, the files are a copy of this process's chain alone. */
  readonly store: 'files' | 'database';
  /** Last records of the chains before. */
  readonly previous: readonly Head[];
}

/** Body of a chain's first record, to be linked. */
export function genesisBody({ key, store, previous }: Genesis): string {
  const heads = previous.map(({ chain, seq, hash }) => ({ chain, seq, hash }));
  const text = JSON.stringify({
    time: new Date().toISOString(),
    event: 'chain_start',
    severity: 'LOW',
    format: 1,
    host: hostname().slice(0, 253),
    pid: process.pid,
    key,
    store,
    previous: heads,
  });
  return text.slice(1, -1);
}

/** Reads the first line of a chain. Undefined where it is no first record. */
export function readGenesis(line: string): (Genesis & { verifying: VerifyingKey }) | undefined {
  try {
    const {
      event,
      key,
      store = 'files',
      previous,
    } = JSON.parse(line) as Partial<Genesis> & { event?: unknown };
    if (event !== 'chain_start' || typeof key !== 'string' || !Array.isArray(previous)) return undefined;
    const verifying = VerifyingKey.from(key);
    return verifying && { key, store, previous, verifying };
  } catch {
    return undefined;
  }
}
