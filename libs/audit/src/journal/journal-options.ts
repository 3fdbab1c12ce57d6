import type { SecurityLog } from '../sinks/security-logs.ts';
import type { JournalStore, Lines } from './journal-store.ts';
import type { Outage } from './outage.ts';

export interface JournalOptions {
  chain: string;
  store: JournalStore;
  /** A segment ends when it has grown to this size, and at the end of the day (UTC). */
  segmentBytes: number;
  /** Milliseconds between two checkpoints of a busy chain. */
  checkpointMs: number;
  /** Told of lines that are safe, with the security log that each goes to, if any. */
  onSafe?: ((lines: Lines, logs: readonly (SecurityLog | undefined)[]) => void) | undefined;
  /** Told when records can't be made safe. */
  onFailure?: ((error: unknown) => void) | undefined;
  /** Told when they are safe, but their head can't be signed. */
  onUnsigned?: ((error: unknown) => void) | undefined;
  /** Told once records are safe again. */
  onRecovery?: ((outage: Outage) => void) | undefined;
  patienceMs?: number | undefined;
  now?: (() => number) | undefined;
}
