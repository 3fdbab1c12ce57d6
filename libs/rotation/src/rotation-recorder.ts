import { Injectable, Logger } from '@nestjs/common';
import { AuditTrail, type AuditEvent } from '#audit';
import { Secrets, type SecretNews } from '#secrets';

/** Puts on record what happens to secrets while the program runs: never what they hold. */
@Injectable()
export class RotationRecorder {
  constructor(secrets: Secrets, audit: AuditTrail) {
    const logger = new Logger('Secrets');
    secrets.onNews((news) => {
      audit
        .event(eventOf(news))
        .catch((error: Error) => logger.warn(`${news.event} is not on record: ${error.message}`));
    });
  }
}

function eventOf(news: SecretNews): AuditEvent {
  const { event } = news;
  if (event === 'secret_rotated') {
    return { event, severity: 'MEDIUM', target: news.name, notes: { source: news.source } };
  }
  if (event === 'secret_refused') {
    return { event, severity: 'HIGH', target: news.name, notes: { reason: news.reason } };
  }
  return event === 'secrets_unavailable'
    ? { event, severity: 'HIGH', notes: { reason: news.reason } }
    : { event, severity: 'LOW' };
}
