/** The store can't be opened. The message tells the operator what to mend, and holds no secret. */
export class PersistenceError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PersistenceError';
  }
}
