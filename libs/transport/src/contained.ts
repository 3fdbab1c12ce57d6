import { Logger } from '@nestjs/common';
import { isThenable } from '#call';

const logger = new Logger('Transport');

/**
 * Does what nobody waits for, such as the work of a listener. What nobody foresaw, thrown or rejected, ends what `end` ends,
 * which is one connection, and nothing else: at the top it would be the end of all (docs/decisions/uncaught-faults.md).
 */
export function contained(work: () => unknown, end: (fault: unknown) => unknown): void {
  const fail = (fault: unknown): void => {
    logger.error(fault);
    end(fault);
  };
  try {
    const value = work();
    if (isThenable(value)) value.then(undefined, fail);
  } catch (fault) {
    fail(fault);
  }
}
