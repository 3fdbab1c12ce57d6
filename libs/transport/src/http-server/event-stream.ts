import { Readable } from 'node:stream';
import type { AnswerEvent, EventStream } from '#call';

export interface EncodingOptions {
  /** The data of the `error` event that a failure under way becomes. */
  tell: (error: unknown) => unknown;
  /** Milliseconds of silence after which a comment says that the stream is alive: to proxies, and to our own bounds. */
  beatMs: number;
}

const BEAT = ': still here\n\n';

/**
 * The events as server-sent events (WHATWG HTML, "Server-sent events"), each with its data as one line of JSON. A client
 * that goes away ends the iteration; a failure under way becomes an `error` event.
 */
export function serverSentEvents({ events }: EventStream, { tell, beatMs }: EncodingOptions): Readable {
  async function* encode(): AsyncGenerator<string> {
    const iterator = events[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = iterator.next();
        while (!(await settlesWithin(beatMs, next))) yield BEAT;
        const { done, value } = await next;
        if (done) return;
        yield encoded(value);
      }
    } catch (error) {
      yield encoded({ event: 'error', data: tell(error) });
    } finally {
      // Not waited for: what is under way in there ends by the call's signal, or when it is done.
      iterator.return?.().catch(() => undefined);
    }
  }
  return Readable.from(encode());
}

async function settlesWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, ms, false);
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

function encoded({ event, data }: AnswerEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
