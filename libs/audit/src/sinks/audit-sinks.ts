import { join } from 'node:path';
import type { Lines } from '../journal/journal-store.ts';
import { LogFile, type LogFileLimits } from './log-file.ts';
import { securityLogs, type SecurityLog } from './security-logs.ts';

export interface AuditSinksOptions extends LogFileLimits {
  folder: string;
  /** Whether every record goes to `audit.log`. */
  all: boolean;
  /** Whether security events go to `mcp_security.jsonl` and `security/*.log`. */
  security: boolean;
  /** Told of a failure, at most once a minute. */
  onFailure: (error: unknown) => void;
}

const TELL_MS = 60_000;

/** The files that people and log shippers read: the very lines of the journal, once those are safe. */
export class AuditSinks {
  readonly #all: LogFile | undefined;
  readonly #security: LogFile | undefined;
  readonly #kinds = new Map<SecurityLog, LogFile>();
  readonly #onFailure: (error: unknown) => void;
  #failures = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor({ folder, all, security, onFailure, ...limits }: AuditSinksOptions) {
    this.#onFailure = onFailure;
    const file = (...path: string[]) =>
      new LogFile(join(folder, ...path), limits, (error) => this.#failed(error));
    if (all) this.#all = file('audit.log');
    if (!security) return;
    this.#security = file('mcp_security.jsonl');
    for (const kind of securityLogs) this.#kinds.set(kind, file('security', `${kind}.log`));
  }

  /** `logs` says of each line which security log it goes to, if any. */
  take({ each, text }: Lines, logs: readonly (SecurityLog | undefined)[]): void {
    this.#all?.write(text);
    if (!this.#security) return;
    for (const [index, log] of logs.entries()) {
      const line = each[index];
      if (log === undefined || line === undefined) continue;
      this.#security.write(line);
      this.#kinds.get(log)?.write(line);
    }
  }

  /** How often a file could not be written. */
  get failures(): number {
    return this.#failures;
  }

  async close(): Promise<void> {
    const files = [this.#all, this.#security, ...this.#kinds.values()].filter((file) => file !== undefined);
    await Promise.all(files.map((file) => file.close()));
  }

  #failed(error: unknown): void {
    this.#failures++;
    if (performance.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = performance.now();
    this.#onFailure(error);
  }
}
