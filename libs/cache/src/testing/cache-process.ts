import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Orders } from './cache-program.ts';

/** Built before the tests. */
const program = fileURLToPath(
  new URL('../../../../dist/libs/cache/src/testing/cache-program.js', import.meta.url),
);

/** A process with a cache, that a test gives orders and may kill. It ends with the test's own process. */
export class CacheProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(env: Record<string, string>): Promise<CacheProcess> {
    const child = fork(program, [JSON.stringify(env)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('It ended at its start'))),
    ]);
    return new CacheProcess(child);
  }

  /** Rejects where it ends before it answers. */
  order<N extends keyof Orders>(name: N, asked: Orders[N]['asked']): Promise<Orders[N]['answer']> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const done = (): void => void this.#child.off('message', heard).off('exit', ended);
      const heard = (message: { id: number; answer: Orders[N]['answer'] }): void => {
        if (message.id !== id) return;
        done();
        resolve(message.answer);
      };
      const ended = (): void => {
        done();
        reject(new Error('It ended before it answered'));
      };
      this.#child.on('message', heard).once('exit', ended);
      this.#child.send({ id, name, asked } satisfies Order);
    });
  }

  /** As a crash. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
