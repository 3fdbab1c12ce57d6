import { SingleBar } from 'cli-progress';
import type { Load } from './load.ts';
import { isLost, isRefused } from './call-log.ts';

const EVERY_MS = 250;

/** What goes on, on standard error: a bar on a terminal, else a line for each fault. */
export class Progress {
  readonly #load: Load;
  readonly #begun = performance.now();
  readonly #bar: SingleBar | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #counts = { sent: 0, refused: 0, lost: 0 };
  #fault = '';

  constructor(load: Load, seconds: number) {
    this.#load = load;
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: '{bar} {value}/{total} s | {sent} sent, {refused} refused, {lost} lost | {fault}',
      stream: process.stderr,
      clearOnComplete: true,
      emptyOnZero: true,
    });
    this.#bar.start(Math.round(seconds), 0, this.#payload());
    this.#timer = setInterval(() => this.#show(), EVERY_MS);
  }

  /** One is injected now, or is over. */
  fault(name: string | undefined): void {
    this.#fault = name ?? '';
    if (!this.#bar && name) process.stderr.write(`${String(this.#seconds).padStart(4)} s  ${name}\n`);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#bar?.stop();
  }

  get #seconds(): number {
    return Math.round((performance.now() - this.#begun) / 1000);
  }

  #show(): void {
    this.#bar?.update(this.#seconds, this.#payload());
  }

  #payload() {
    const { calls } = this.#load;
    for (; this.#counts.sent < calls.length; this.#counts.sent++) {
      const call = calls[this.#counts.sent]!;
      this.#counts.refused += Number(isRefused(call));
      this.#counts.lost += Number(isLost(call));
    }
    return { ...this.#counts, fault: this.#fault };
  }
}
