import { Readable } from 'node:stream';
import type { AnswerEvent, EventStream } from '#call';

/**
 * The events as server-sent events (WHATWG HTML, "Server-sent events"), each with its data as one line of JSON. A client
 * that goes away ends the iteration; a failure under way becomes an `error` event.
 */
export function serverSentEvents({ events }: EventStream, tell: (error: unknown) => unknown): Readable {
  async function* encode(): AsyncGenerator<string> {
    try {
      for await (const event of events) yield encoded(event);
    } catch (error) {
      yield encoded({ event: 'error', data: tell(error) });
    }
  }
  return Readable.from(encode());
}

function encoded({ event, data }: AnswerEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
