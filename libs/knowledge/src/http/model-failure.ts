/** A model could not be asked, or its answer is of no use. The message is for our log: it holds no key and no text of a caller. */
export class ModelFailure extends Error {
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** What the server asks us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { status, retryAfterMs, cause }: Partial<ModelFailure> = {}) {
    super(message, { cause });
    this.name = 'ModelFailure';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may go well in a moment. */
  get passing(): boolean {
    return this.status === undefined || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}
