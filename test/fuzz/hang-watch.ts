import { Worker } from 'node:worker_threads';

/** So long nothing of ours takes at a stretch. */
const LIMIT_MS = 20_000;

/** Runs beside the program, which can't say itself that it has stopped. */
const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
let last = 'nothing yet';
let seen = Date.now();
parentPort.on('message', (message) => {
  seen = Date.now();
  if (message !== undefined) last = message;
});
setInterval(() => {
  if (Date.now() - seen < workerData.limitMs) return;
  writeSync(2, 'The program has not moved for ' + workerData.limitMs + ' ms. It was at ' + last + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 500);
`;

/** Ends the process, and says what it was at, when its event loop stands still. */
export class HangWatch {
  readonly #worker = new Worker(SOURCE, { eval: true, workerData: { limitMs: LIMIT_MS } });
  readonly #beat = setInterval(() => this.#tell(undefined), LIMIT_MS / 10);

  at(place: string): void {
    this.#tell(place);
  }

  #tell(place: string | undefined): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(place);
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    await this.#worker.terminate();
  }
}
