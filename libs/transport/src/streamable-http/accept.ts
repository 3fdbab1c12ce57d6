import { GatehouseError } from '#errors';

/**
 * A client must be ready for both forms of answer (MCP, "Sending Messages"). One that sends no Accept header, or a
 * wildcard, is (RFC 9110, section 12.5.1). Throws NOT_ACCEPTABLE.
 */
export function requireAcceptable(accept: string | undefined): void {
  if (
    accept === undefined ||
    (accepts(accept, 'application', 'json') && accepts(accept, 'text', 'event-stream'))
  )
    return;
  throw new GatehouseError('NOT_ACCEPTABLE', 'Send "Accept: application/json, text/event-stream"');
}

/** Who listens is sent events and nothing else. Throws NOT_ACCEPTABLE. */
export function requireEventStream(accept: string | undefined): void {
  if (accept === undefined || accepts(accept, 'text', 'event-stream')) return;
  throw new GatehouseError('NOT_ACCEPTABLE', 'Send "Accept: text/event-stream"');
}

function accepts(accept: string, type: string, subtype: string): boolean {
  const header = accept.toLowerCase();
  return header.includes(`${type}/${subtype}`) || header.includes('*/*') || header.includes(`${type}/*`);
}
