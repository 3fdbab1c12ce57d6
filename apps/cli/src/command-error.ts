/** What a script may go by. 0 is: done. */
export const exitCodes = {
  /** The gateway refused or failed: bad input, a conflict, an error of its own. */
  refused: 1,
  /** The command line or a setting is wrong. */
  usage: 2,
  /** No gateway answers, or what answers is none. */
  unreachable: 3,
  /** No API key, one that is not accepted, or one that may not do this. */
  denied: 4,
} as const;

/** A command that can't go on. The message is all that its user reads. */
export class CommandError extends Error {
  readonly reason: keyof typeof exitCodes;
  readonly exitCode: number;

  constructor(reason: keyof typeof exitCodes, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
    this.reason = reason;
    this.exitCode = exitCodes[reason];
  }
}
