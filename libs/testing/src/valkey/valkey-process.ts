import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const START_TIMEOUT_MS = 15_000;
const END_TIMEOUT_MS = 10_000;

/**
 * Starts a server (`"$@"`), says its id, and kills it and removes its folder once standard input ends: that happens when
 * the test process ends in whatever way.
 */
const KEEPER = `exec 3<&0; folder=$1; shift
"$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -KILL "$server"; rm -rf "$folder"; } 2>/dev/null &
echo "pid $server"
wait "$server"`;

/** One run of a server, from its start to its end. */
export class ValkeyProcess {
  readonly #keeper: ChildProcess;
  readonly pid: number;

  private constructor(keeper: ChildProcess, pid: number) {
    this.#keeper = keeper;
    this.pid = pid;
  }

  /** Resolves when it accepts connections; rejects with its last words when it ends instead. */
  static async start(program: string, folder: string, args: readonly string[]): Promise<ValkeyProcess> {
    const keeper = spawn('sh', ['-c', KEEPER, 'sh', folder, program, ...args], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    try {
      return new ValkeyProcess(keeper, await ready(keeper));
    } catch (error) {
      keeper.stdin.end();
      throw error;
    }
  }

  signal(name: NodeJS.Signals): void {
    if (this.#keeper.exitCode === null) process.kill(this.pid, name);
  }

  /** At once, as a crash would. */
  async kill(): Promise<void> {
    if (this.#keeper.exitCode !== null || this.#keeper.signalCode !== null) return;
    const ended = once(this.#keeper, 'exit');
    this.signal('SIGKILL');
    await Promise.race([ended, inTime(END_TIMEOUT_MS, 'the server did not end')]);
  }

  /** Ends it, if it still runs, and its keeper, which removes the folder. */
  async end(): Promise<void> {
    await this.kill();
    const closed = this.#keeper.stdout!.closed ? undefined : once(this.#keeper, 'close');
    this.#keeper.stdin!.end();
    await closed;
  }
}

async function ready(keeper: ChildProcess): Promise<number> {
  let pid = 0;
  const said: string[] = [];
  keeper.stdin!.on('error', () => undefined);
  keeper.stderr!.on('data', (bytes: Buffer) => void said.push(bytes.toString('utf8')));
  const listening = new Promise<void>((resolve, reject) => {
    createInterface(keeper.stdout!).on('line', (line) => {
      pid ||= Number(/^pid (\d+)$/.exec(line)?.[1] ?? 0);
      if (said.length < 50) said.push(line);
      if (line.includes('Ready to accept connections')) resolve();
    });
    keeper.once('error', reject);
    keeper.once('exit', () => reject(new Error(`the server ended:\n${said.join('\n').slice(-2_000)}`)));
  });
  await Promise.race([listening, inTime(START_TIMEOUT_MS, 'the server was not ready')]);
  return pid;
}

async function inTime(ms: number, what: string): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`${what} after ${ms} ms`);
}
