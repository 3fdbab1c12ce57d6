import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScratchFolder extends AsyncDisposable {
  /** Absolute path, 0700. */
  readonly path: string;
  remove(): Promise<void>;
}

/** A folder that is there until `remove`, or until the scope of `await using` ends. */
export async function scratchFolder(): Promise<ScratchFolder> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  const remove = async (): Promise<void> => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}
