/**
 * How replicas tell each other that a key was changed. What is lost on the way is no harm: each replica asks the store
 * again within a second anyway; the news only makes it sooner.
 */
export abstract class KeyNews {
  /** Says that what is known of a key counts no more. Never throws. */
  abstract tell(keyId: string): void;
  abstract listen(listener: (keyId: string) => void): void;
  abstract close(): void;
}

/** Where there is one process only, or each looks after itself. */
export class NoKeyNews extends KeyNews {
  override tell(): void {}
  override listen(): void {}
  override close(): void {}
}
