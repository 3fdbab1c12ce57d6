import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KeeperAnswer } from './keeper.ts';

/** Beside this file, compiled or not. */
const KEEPER = fileURLToPath(new URL(`keeper${extname(import.meta.url)}`, import.meta.url));

/** A PostgreSQL of this process's own, which ends with it, in whatever way that is. */
export class KeptPostgresql {
  readonly #keeper: ChildProcess;
  readonly answer: KeeperAnswer;

  private constructor(keeper: ChildProcess, answer: KeeperAnswer) {
    this.#keeper = keeper;
    this.answer = answer;
  }

  /** Where none can be started, the answer says why. */
  static async start(): Promise<KeptPostgresql> {
    const keeper = spawn(process.execPath, [KEEPER], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(keeper.stdout);
    const [line] = (await Promise.race([once(lines, 'line'), once(keeper, 'exit')])) as unknown[];
    const answer =
      typeof line === 'string' ? (JSON.parse(line) as KeeperAnswer) : { failure: 'its keeper ended' };
    return new KeptPostgresql(keeper, answer);
  }

  async stop(): Promise<void> {
    if (this.#keeper.exitCode !== null) return;
    this.#keeper.stdin!.end();
    await once(this.#keeper, 'exit');
  }
}
