import { GatehouseError } from '#errors';

/** Somebody else computes what this caller asks for, and takes longer than it may wait. */
export class ComputationTimedOut extends GatehouseError {
  constructor() {
    super('TIMED_OUT', 'This is being computed for another caller, which takes too long: try again');
  }
}

/** The same promise, given up after some milliseconds (ComputationTimedOut) or with a signal (its reason). */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  const { promise: given, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new ComputationTimedOut()), ms);
  const aborted = (): void => reject(signal!.reason as Error);
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    return await Promise.race([promise, given]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}
