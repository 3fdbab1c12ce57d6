/** Goes on with a value: now, or later where it is a promise. A call that waits for nobody then costs no turn. */
export function after<T, R>(value: T | PromiseLike<T>, goOn: (value: T) => R): R | PromiseLike<Awaited<R>> {
  return isThenable(value) ? (value.then(goOn) as PromiseLike<Awaited<R>>) : goOn(value);
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
