import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '#testing';
import { cpuSecondsOf } from './process-tree.ts';
import type { Memory, Ready, Told } from './servers/ready.ts';

const START_MS = 180_000;

/** A server under measurement, in a process of its own. */
export class Child {
  readonly #process: ChildProcess;
  readonly port: number;
  readonly headers: Record<string, string>;
  readonly keys: readonly string[];

  private constructor(process: ChildProcess, { port, headers = {}, keys = [] }: Ready) {
    this.#process = process;
    this.port = port;
    this.headers = headers;
    this.keys = keys;
  }

  /** Starts `servers/NAME.js`; resolves when it listens. */
  static async start(name: string, env: Record<string, string> = {}): Promise<Child> {
    const program = new URL(`./servers/${name}.js`, import.meta.url);
    const child = fork(program, {
      env: { ...process.env, BENCH_PORT: String(await freePort()), ...env },
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
    try {
      const [first] = (await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it listened`))),
      ])) as [Ready];
      return new Child(child, first);
    } finally {
      clearTimeout(late);
    }
  }

  /** Processor time that it and what it has started used so far, over all threads, in seconds. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.#process.pid!);
  }

  /** What it holds after its garbage was collected, in bytes. */
  async memory(): Promise<Memory> {
    this.#process.send({ tell: 'memory' } satisfies Told);
    const [memory] = (await once(this.#process, 'message')) as [Memory];
    return memory;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  }
}
