import { Injectable } from '@nestjs/common';
import type { ErrorCode, Severity } from '#errors';
import type { Call } from './call.ts';

/** How a call ended. `refused` by a stage of the pipeline or the door, `failed` by us. */
export interface Outcome {
  readonly result: 'allowed' | 'refused' | 'failed';
  readonly event: string;
  readonly severity: Severity;
  readonly code: ErrorCode | undefined;
  /** HTTP status of the answer, also where the door is not HTTP. */
  readonly status: number;
  /** What really happened, for the log alone. */
  readonly error?: unknown;
}

/** Wants to know of each settled call. A promise holds the answer back until it is fulfilled; a rejection refuses it. */
export abstract class CallRecorder {
  abstract record(call: Call, outcome: Outcome): Promise<void> | void;
}

/** The bracket around a call: exactly one outcome, told to all recorders before the answer leaves. */
@Injectable()
export class Settlement {
  readonly #recorders: readonly CallRecorder[];

  constructor(recorders: readonly CallRecorder[]) {
    this.#recorders = recorders;
  }

  /** Resolves when the record is safe. Says false, and records nothing, for a call that is settled already. */
  async settle(call: Call, outcome: Outcome): Promise<boolean> {
    if (call.settled) return false;
    call.settled = true;
    for (const recorder of this.#recorders) {
      const recorded = recorder.record(call, outcome);
      if (recorded) await recorded;
    }
    return true;
  }
}
