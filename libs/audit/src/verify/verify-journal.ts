import type { VerifyingKey } from '../chain/signing-key.ts';
import type { Removed } from '../retention/removal.ts';
import { ChainCheck } from './chain-check.ts';
import type { ChainSource } from './chain-source.ts';
import { Findings, type Finding } from './finding.ts';
import { SegmentCheck } from './segment-check.ts';
import { Testimony } from './testimony.ts';

export interface VerifyOptions {
  source: ChainSource;
  /** Keys to trust alone; without any, those that the chains themselves name are taken. */
  pinned?: readonly VerifyingKey[];
  /** Told of each piece of the journal that was read, in bytes. */
  onProgress?: (bytes: number) => void;
}

/** What it says of one chain. */
export interface ChainReport {
  readonly chain: string;
  readonly entries: number;
  readonly segments: number;
  /** `never begun` where its process was killed before its first checkpoint. */
  readonly state: string;
  /** Entries behind the last checkpoint: whole and in order, but nobody would miss them if they were cut off. */
  readonly unsigned: number;
  /** Bytes of a line that was never finished. */
  readonly torn: number;
}

/** What the verifier says of a journal as a whole. */
export interface Report {
  readonly valid: boolean;
  readonly source: string;
  readonly entries: number;
  readonly chains: readonly ChainReport[];
  /** Entries that were removed because their time was over, and the time before which that was; null where none were. */
  readonly removed: { readonly entries: number; readonly before: string } | null;
  /** Ids of the keys that signed the checkpoints. Compare them with what you know. */
  readonly keys: readonly string[];
  readonly findings: readonly Finding[];
  /** More than `findings` holds, where there are very many. */
  readonly findingCount: number;
}

/** There is no journal to verify. */
export class NoJournal extends Error {
  constructor(place: string) {
    super(`There is no audit journal in ${place}`);
    this.name = 'NoJournal';
  }
}

/** Reads every entry of every chain. Throws NoJournal, or why something can't be read. */
export async function verifyJournal({ source, pinned = [], onProgress }: VerifyOptions): Promise<Report> {
  if (!(await source.begun())) throw new NoJournal(source.name);
  const findings = new Findings();
  const testimony = await Testimony.read(source, pinned, findings);
  if (testimony.chains.length === 0) {
    findings.add({
      harm: 'removed',
      chain: '',
      message: 'all chains were removed: there is only the key that signed them',
    });
  }
  findUnknownChains(testimony, findings);
  const keys = keysOf(testimony);
  findForeignKeys(testimony, pinned, findings);
  findOthersKeys(testimony, findings);
  const known = [...keys, ...testimony.keys.keys()];
  findForeignRemovals(testimony, pinned.length > 0 ? pinned.map(({ id }) => id) : known, findings);
  const chains: ChainReport[] = [];
  for (const chain of testimony.chains) {
    const report = await verifyChain(source, chain, testimony, findings, onProgress);
    if (report) chains.push(report);
  }
  return {
    valid: findings.count === 0,
    source: source.name,
    entries: chains.reduce((sum, { entries }) => sum + entries, 0),
    chains,
    removed: testimony.removals.summary,
    keys,
    findings: findings.list,
    findingCount: findings.count,
  };
}

async function verifyChain(
  source: ChainSource,
  chain: string,
  testimony: Testimony,
  findings: Findings,
  onProgress?: (bytes: number) => void,
): Promise<ChainReport | undefined> {
  const removed = testimony.removals.chains.get(chain);
  const check = new ChainCheck(chain, testimony.claimsOn(chain), findings, removed);
  if (removed) findContradiction(removed, testimony, findings);
  const segments = new SegmentCheck(chain, testimony.checkpointsOf(chain), check, findings);
  const found = await source.read(
    chain,
    {
      line: (line, where, fault) => check.line(line, where, fault),
      segmentEnd: (segment, rest) => segments.segmentEnd(segment, rest),
    },
    onProgress,
  );
  // A folder that is all there is, and that nobody has seen anything in: its process was killed before its first line.
  const everBegun = testimony.claimsOn(chain).size > 0 || testimony.checkpointsOf(chain).length > 0;
  if (!found && !removed && everBegun) {
    const last = Math.max(1, ...testimony.claimsOn(chain).keys());
    const message = `the chain was removed as a whole, and had ${last} entries or more`;
    findings.add({ harm: 'removed', chain, seq: 1, toSeq: last, message });
    return undefined;
  }
  check.end();
  return { chain, entries: check.records, ...segments.end() };
}

/** Of what was removed, the last entry is still known: by a checkpoint at least, which stays. */
function findContradiction({ chain, seq, hash }: Removed, testimony: Testimony, findings: Findings): void {
  const other = testimony
    .claimsOn(chain)
    .get(seq)
    ?.find((claim) => claim.hash !== hash);
  if (!other) return;
  const message = `what was removed did not end as it is said to: ${other.by} names entry ${seq} by another hash`;
  findings.add({ harm: 'altered', chain, seq, message });
}

/** Chains that others name, and of which nothing is left. */
function findUnknownChains(testimony: Testimony, findings: Findings): void {
  for (const chain of testimony.named) {
    if (testimony.chains.includes(chain)) continue;
    const [seq, claims] = [...testimony.claimsOn(chain)].at(-1) ?? [0, []];
    const message = `the chain was removed as a whole, with its checkpoints: ${claims[0]?.by} has seen its entry ${seq}`;
    findings.add({ harm: 'removed', chain, seq: 1, toSeq: seq, message });
  }
}

/** Who removes has a chain of its own, whose first record names its key: a key that none names is a stranger's. */
function findForeignRemovals({ removals }: Testimony, trusted: readonly string[], findings: Findings): void {
  for (const key of removals.signers.filter((signer) => !trusted.includes(signer))) {
    const message = `what was removed is stated by key ${key}, which is not among the trusted`;
    findings.add({ harm: 'unsigned', chain: '', message });
  }
}

function findForeignKeys(testimony: Testimony, pinned: readonly VerifyingKey[], findings: Findings): void {
  if (pinned.length === 0) return;
  const trusted = new Set(pinned.map(({ id }) => id));
  for (const chain of testimony.chains) {
    for (const checkpoint of testimony.checkpointsOf(chain)) {
      if (!checkpoint || trusted.has(checkpoint.key)) continue;
      const { segment, key } = checkpoint;
      const message = `the checkpoint of segment ${segment} is signed by key ${key}, which is not among the trusted`;
      findings.add({ harm: 'unsigned', chain, segment, message });
    }
  }
}

/**
 * A chain is signed by the key that its first record names; its end may be signed once more by the process that came after,
 * in a statement that names the chain of that one. Else a key that has been rotated out could still sign what came after it.
 */
function findOthersKeys(testimony: Testimony, findings: Findings): void {
  for (const chain of testimony.chains) {
    const own = testimony.keyOf(chain)?.id;
    if (own === undefined) continue; // Its first record is missing, which is told elsewhere.
    for (const checkpoint of testimony.checkpointsOf(chain)) {
      if (!checkpoint || checkpoint.key === own) continue;
      const { segment, key, peers } = checkpoint;
      if (peers.some((peer) => testimony.keyOf(peer.chain)?.id === key)) continue;
      const message = `the checkpoint of segment ${segment} is signed by key ${key}, which is that of other chains`;
      findings.add({ harm: 'unsigned', chain, segment, message });
    }
  }
}

function keysOf(testimony: Testimony): string[] {
  const keys = testimony.chains.flatMap((chain) =>
    testimony.checkpointsOf(chain).map((checkpoint) => checkpoint?.key),
  );
  return [...new Set(keys)].filter((key) => key !== undefined).sort();
}
