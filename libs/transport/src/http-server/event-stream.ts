import { Readable } from 'node:stream';

/** One server-sent event (WHATWG HTML, "Server-sent events"). The data goes out as one line of JSON. */
export interface ServerSentEvent {
  event: string;
  data: unknown;
}

export function isEventStream(body: unknown): body is AsyncIterable<ServerSentEvent> {
  return (
    typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !(body instanceof Readable)
  );
}

/** The events as bytes. A client that goes away ends the iteration; a failure under way becomes an `error` event. */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  onError: (error: unknown) => unknown,
): Readable {
  async function* encode(): AsyncGenerator<string> {
    try {
      for await (const { event, data } of events) yield encoded(event, data);
    } catch (error) {
      yield encoded('error', onError(error));
    }
  }
  return Readable.from(encode());
}

function encoded(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
