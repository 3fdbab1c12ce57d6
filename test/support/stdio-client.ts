import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { ROOT } from './root.ts';
import { SocketClient } from './socket-client.ts';

const PROGRAM = join(ROOT, 'dist/test/fixtures/stdio-gateway.js');

/** A gateway in a process of its own, spoken to over its standard input and output. */
export class StdioClient extends SocketClient {
  ended = false;
  override readonly over: Promise<void>;
  readonly #process: ChildProcess;
  #text = '';

  private constructor(process: ChildProcess) {
    super();
    this.#process = process;
    process.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (this.#text + chunk).split('\n');
      this.#text = lines.pop()!;
      for (const line of lines) this.take(line);
    });
    process.stdin!.on('error', () => undefined);
    this.over = once(process, 'close').then(() => void (this.ended = true));
  }

  static start(env: Readonly<Record<string, string>>): StdioClient {
    const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    return new StdioClient(
      spawn(process.execPath, [PROGRAM], { env: { ...inherited, ...env }, stdio: [...stdio] }),
    );
  }

  override get raw(): Socket {
    return this.#process.stdin as Socket;
  }
  override send(text: string): void {
    this.#process.stdin!.write(`${text}\n`);
  }
  override sendBytes(bytes: string | Uint8Array): void {
    this.#process.stdin!.write(Buffer.concat([Buffer.from(bytes), Buffer.from('\n')]));
  }
  /** Has no more to ask: the process answers what it was asked, and ends. */
  override drop(): void {
    this.#process.stdin!.end();
  }
  override vanish(): void {
    this.#process.kill('SIGKILL');
  }
}
