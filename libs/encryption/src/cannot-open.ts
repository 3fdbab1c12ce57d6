import { GatehouseError } from '#errors';
import type { SealContext } from './sealed-text.ts';

/**
 * A sealed text does not open here: its key is not among ours, or it is not as it was sealed, or lies where it does not
 * belong. Callers learn only that it can't be read; the cause names table, column and key id, for the log.
 */
export class CannotOpen extends GatehouseError {
  constructor({ table, column }: SealContext, why: string) {
    super('UNAVAILABLE', 'What is stored here cannot be opened at the moment', {
      cause: new Error(`${table}.${column} does not open: ${why}`),
    });
  }
}
