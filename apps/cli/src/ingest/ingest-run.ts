import { LineRefused, type ConversationSender } from './conversation-sender.ts';
import type { IngestState } from './ingest-state.ts';
import type { JsonLines, Line } from './json-lines.ts';

export interface Summary {
  file: string;
  lines: number;
  ingested: number;
  /** Taken by the gateway in a run before this one. */
  skipped: number;
  failed: number;
  /** Neither taken nor refused: the run was cut off. */
  left: number;
  chunks: number;
  seconds: number;
  /** The first of those that failed. */
  failures: { line: number; error: string }[];
}

const FAILURES_KEPT = 100;

export interface RunOptions {
  readonly concurrency: number;
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
  readonly onProgress: (summary: Summary) => void;
}

/** Sends all lines that were not taken before, several at a time. A bad one does not stop the others. */
export class IngestRun {
  readonly summary: Summary;
  readonly #lines: JsonLines;
  readonly #state: IngestState;
  readonly #sender: ConversationSender;
  #over = false;

  constructor(lines: JsonLines, state: IngestState, sender: ConversationSender) {
    this.#lines = lines;
    this.#state = state;
    this.#sender = sender;
    const { path: file, count } = lines;
    this.summary = {
      file,
      lines: count,
      ingested: 0,
      skipped: 0,
      failed: 0,
      left: count,
      chunks: 0,
      seconds: 0,
      failures: [],
    };
  }

  /** Throws, when the others have come to their ends, what none of the lines could get past. */
  async work({ concurrency, signal, onProgress }: RunOptions): Promise<void> {
    const started = performance.now();
    const source = this.#lines.read();
    const worker = async (): Promise<void> => {
      for (;;) {
        if (this.#over || signal.aborted) return;
        const { done, value } = await source.next();
        if (done) return;
        await this.#take(value).catch((error: unknown) => {
          this.#over = true;
          if (!signal.aborted) throw error;
        });
        onProgress(this.summary);
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: concurrency }, worker));
    await source.return(undefined);
    this.summary.seconds = Math.round((performance.now() - started) / 100) / 10;
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure) throw failure.reason;
  }

  async #take(line: Line): Promise<void> {
    const { summary } = this;
    if (this.#state.has(line.number)) summary.skipped++;
    else {
      try {
        const chunks = await this.#sender.send(line);
        summary.chunks += chunks;
        summary.ingested++;
        this.#state.add(line.number);
      } catch (error) {
        if (!(error instanceof LineRefused)) throw error;
        summary.failed++;
        if (summary.failures.length < FAILURES_KEPT)
          summary.failures.push({ line: line.number, error: error.message });
      }
    }
    summary.left--;
  }
}
