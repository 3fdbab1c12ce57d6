import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '#testing';
import { GatewayClient } from './gateway-client.ts';
import { ROOT } from './root.ts';

const DIST = join(ROOT, 'dist/');
const MAIN = 'apps/gateway/src/main.js';
const START_LIMIT_MS = 60_000;

/** A gateway in a process of its own, started as `npm start` starts it, that a test may kill. */
export class GatewayProcess {
  readonly client: GatewayClient;
  readonly managementUrl: string;
  readonly #process: ChildProcess;
  #output: string;

  private constructor(
    process: ChildProcess,
    urls: { api: string; management: string },
    key: string,
    output: string,
  ) {
    this.#process = process;
    this.client = new GatewayClient(urls.api, key);
    this.managementUrl = urls.management;
    this.#output = output;
    process.stdout!.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    process.stderr!.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /**
   * Resolves when it listens, on ports that are free unless they are given; rejects with what it printed when it ends
   * before. The program is a path in dist.
   */
  static async start(env: Record<string, string>, program = MAIN): Promise<GatewayProcess> {
    const port = env['PORT'] ?? (await freePort());
    const managementPort = env['MANAGEMENT_PORT'] ?? (await freePort());
    const child = spawnGateway(
      { PORT: String(port), MANAGEMENT_PORT: String(managementPort), WS_PORT: '0', TCP_PORT: '0', ...env },
      program,
    );
    let output = '';
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout!.on('data', collect);
    child.stderr!.on('data', collect);
    const urls = { api: `http://127.0.0.1:${port}`, management: `http://127.0.0.1:${managementPort}` };
    const limit = Date.now() + START_LIMIT_MS;
    while (!(await answers(urls.api))) {
      if (child.exitCode !== null) throw new Error(`The gateway ended with ${child.exitCode}:\n${output}`);
      if (Date.now() > limit) {
        child.kill('SIGKILL');
        throw new Error(`The gateway did not start in time:\n${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const printed = /gk_[0-9A-Za-z]+/.exec(output)?.[0];
    child.stdout!.off('data', collect);
    child.stderr!.off('data', collect);
    return new GatewayProcess(child, urls, env['GATEHOUSE_API_KEY'] ?? printed ?? '', output);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Exit code, or the name of the signal that ended it; undefined while it runs. */
  get end(): number | string | undefined {
    return this.#process.exitCode ?? this.#process.signalCode ?? undefined;
  }

  /** What it printed so far, standard output and error together. */
  get output(): string {
    return this.#output;
  }

  /** Kills it without waiting, for a process that ends itself. */
  abandon(): void {
    this.#process.kill('SIGKILL');
  }

  /** Resolves to the exit code, or to the name of the signal that ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    if (this.end === undefined) {
      const ended = once(this.#process, 'exit');
      this.#process.kill(signal);
      await ended;
    }
    return this.end!;
  }
}

/** Starts the built program with nothing of this process's environment but what it is given. */
export function spawnGateway(env: Record<string, string>, program = MAIN): ChildProcess {
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  return spawn(process.execPath, ['--enable-source-maps', DIST + program], { env: { ...inherited, ...env } });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/startup`)).ok;
  } catch {
    return false;
  }
}
