import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import { logRedaction } from '#masking';

/**
 * The log until the application's own is there. Nest's account of its modules and routes is no news, and what stops the
 * boot is told once, by whoever started it; warnings are passed on.
 */
export class BootLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(level: string, to: NodeJS.WritableStream = process.stdout) {
    this.#logger = pino({ level, ...logRedaction }, to);
  }

  warn(message: unknown, context?: string): void {
    this.#logger.warn({ context }, String(message));
  }

  log(): void {}
  debug(): void {}
  verbose(): void {}
  error(): void {}
}
