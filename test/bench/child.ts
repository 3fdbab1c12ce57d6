import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Ready } from './servers/ready.ts';

/** A server under measurement, in a process of its own. */
export class Child {
  readonly #process: ChildProcess;
  readonly port: number;
  readonly headers: Record<string, string>;

  private constructor(process: ChildProcess, { port, headers = {} }: Ready) {
    this.#process = process;
    this.port = port;
    this.headers = headers;
  }

  /** Starts `servers/NAME.js`; resolves when it listens. */
  static async start(name: string, env: Record<string, string> = {}): Promise<Child> {
    const program = new URL(`./servers/${name}.js`, import.meta.url);
    const child = fork(program, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [first] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it listened`))),
    ])) as [Ready];
    return new Child(child, first);
  }

  /** Peak resident memory so far, in MB. */
  get peakMemoryMb(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  }
}
