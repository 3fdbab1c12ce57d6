import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Where the journal lies: the tables at a URL, else the files of a data folder. */
export interface JournalPlace {
  readonly dataDir: string;
  readonly url?: string | undefined;
}

export interface Verdict {
  readonly entries: number;
  /** 0 where the journal is whole. */
  readonly faults: number;
  /** What is wrong, in the first place. */
  readonly first?: string | undefined;
}

/** A journal of years is read in pieces; a verifier that needs more than this has met something that is none. */
const MAX_HEAP_MIB = 256;

/** Verifies a journal on a thread of its own, so that no call waits for it. Rejects where it can't be read. */
export async function verifyAside(place: JournalPlace, signal: AbortSignal): Promise<Verdict> {
  // .ts from the source (Node strips the types), .js from dist.
  const program = new URL(`./verify.worker${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(program, {
    workerData: place,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  thread.unref();
  try {
    const [verdict] = (await once(thread, 'message', { signal })) as [Verdict];
    return verdict;
  } finally {
    await thread.terminate();
  }
}
