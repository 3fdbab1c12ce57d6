import { readLink, type Head } from '../chain/chain-link.ts';
import { readCheckpoint, type Checkpoint, type Position, type Statement } from '../chain/checkpoint.ts';
import { ChainKeys } from '../chain/chain-keys.ts';
import { firstLine, readLines } from '../chain/read-lines.ts';
import type { Removed } from '../retention/removal.ts';
import { Removals } from '../retention/removals.ts';
import { fromSlot, type JournalFolder } from './journal-folder.ts';
import type { Past } from './journal-store.ts';

/** How many chains a new one ties to. One would do; more make each of them harder to lose. */
export const TIED_CHAINS = 16;

export interface FilePast extends Past {
  /** How the newest chain ended, unless that can't be told. */
  readonly newest: Statement | undefined;
}

/**
 * Finds where the chains before ended. Reads only what came after their last checkpoints, and changes nothing: what a
 * killed process left is evidence.
 */
export async function readPast(folder: JournalFolder): Promise<FilePast> {
  const damage: string[] = [];
  const ends: Statement[] = [];
  const chains = (await folder.chains()).toReversed().slice(0, TIED_CHAINS);
  const removals = new Removals(await folder.removals());
  const genesis = (chain: string) => firstLine(folder.segmentPath(chain, 1));
  const keys = await ChainKeys.of(chains, genesis, removals.chains);
  for (const chain of chains) {
    const end = await endOf({ folder, chain, keys, removed: removals.chains.get(chain) }, damage);
    if (end) ends.push(end);
  }
  const heads = ends.map(({ position: { chain, seq, hash } }): Head => ({ chain, seq, hash }));
  return { heads, damage, newest: damage.length === 0 ? ends[0] : undefined };
}

interface PastChain {
  readonly folder: JournalFolder;
  readonly chain: string;
  readonly keys: ChainKeys;
  readonly removed: Removed | undefined;
}

async function endOf(past: PastChain, damage: string[]): Promise<Statement | undefined> {
  const { folder, chain, removed } = past;
  const slots = await folder.checkpoints(chain);
  const signed = lastCheckpoint(past, slots);
  if (!signed) {
    if (slots.length > 0) damage.push(`the last checkpoint of chain ${chain} is not as it was signed`);
    return undefined;
  }
  if (signed.state === 'closed' || signed.state === 'recovered')
    return { position: signed, state: signed.state };
  if (removed && removed.seq >= signed.seq) {
    const { seq, hash } = removed;
    return { position: { ...signed, seq, hash }, state: 'recovered' };
  }
  const { position, fault } = await tailOf(folder, signed);
  if (fault) damage.push(`chain ${chain}, segment ${position.segment}: ${fault}`);
  return { position, state: 'recovered' };
}

function lastCheckpoint({ chain, keys }: PastChain, slots: readonly string[]): Checkpoint | undefined {
  const checkpoint = readCheckpoint(fromSlot(slots.at(-1) ?? '') ?? '', keys.byId);
  return checkpoint?.chain === chain ? checkpoint : undefined;
}

/** Follows the chain from its last checkpoint to its last whole record. */
async function tailOf(
  folder: JournalFolder,
  signed: Position,
): Promise<{ position: Position; fault?: string }> {
  let position = signed;
  let fault: string | undefined;
  const present = await folder.segments(signed.chain);
  if (!present?.includes(signed.segment)) return { position, fault: 'it is missing' };
  for (const segment of present.filter((number) => number >= signed.segment)) {
    const from = segment === signed.segment ? signed.bytes : 0;
    const { end } = await readLines(folder.segmentPath(signed.chain, segment), {
      from,
      visit: (line, offset) => {
        const link = readLink(line);
        const next = link?.sound && link.seq === position.seq + 1 && link.prev === position.hash;
        if (!next) fault ??= `the line at byte ${offset} does not follow from the one before`;
        if (fault) return;
        const { chain } = signed;
        position = { chain, segment, seq: link!.seq, hash: link!.hash, bytes: offset + line.length + 1 };
      },
    });
    if (end < from) fault ??= `it ends before its last checkpoint`;
  }
  return fault === undefined ? { position } : { position, fault };
}
