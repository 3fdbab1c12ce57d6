import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { CallRecorder, type Call, type Outcome } from '#call';
import { wire } from '#errors';

/** One line in the log for every call that did not go well, and at level debug for every call. */
@Injectable()
export class CallLog extends CallRecorder {
  constructor(private readonly logger: PinoLogger) {
    super();
  }

  record(call: Call, outcome: Outcome): void {
    const level = outcome.code ? wire[outcome.code].level : 'debug';
    const { logger } = this.logger;
    if (!logger.isLevelEnabled(level)) return;
    logger[level](
      {
        context: 'call',
        correlation_id: call.id,
        door: call.door,
        operation: call.operation?.name,
        target: call.target,
        principal: call.principal?.id,
        ip: call.address,
        status: outcome.status,
        code: outcome.code,
        elapsed_ms: Math.round(call.elapsedMs * 1000) / 1000,
        ...(level === 'error' && { err: outcome.error }),
      },
      outcome.event,
    );
  }
}
