import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ModelCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** Answers a request, or leaves it without an answer. */
export type Reply = (response: ServerResponse, call: ModelCall) => void;

/** A server on the loopback that stands for a model's: replies one after another, the last one for ever. */
export class ModelServer implements AsyncDisposable {
  readonly calls: ModelCall[] = [];
  readonly #server = createServer();
  #replies: Reply[] = [];

  static async start(): Promise<ModelServer> {
    const model = new ModelServer();
    model.#server.on('request', (request, response) => void model.#serve(request, response));
    model.#server.listen(0, '127.0.0.1');
    await once(model.#server, 'listening');
    return model;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await json(request)) as ModelCall['body'];
    const call = { path: request.url ?? '', headers: request.headers, body };
    this.calls.push(call);
    const reply = this.#replies.length > 1 ? this.#replies.shift() : this.#replies[0];
    reply?.(response, call);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reply(...replies: Reply[]): void {
    this.#replies = replies;
    this.calls.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function answers(body: unknown): Reply {
  return (response) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
}

export function refuses(status: number, headers: Record<string, string> = {}): Reply {
  return (response) => void response.writeHead(status, headers).end('{"error":"no, sk-secret"}');
}

export function streams(events: readonly unknown[], end = ''): Reply {
  const lines = events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`);
  return (response) => void response.setHeader('content-type', 'text/event-stream').end(lines.join('') + end);
}

/** The connection breaks after these events. */
export function breaksAfter(events: readonly unknown[]): Reply {
  return (response) => {
    const lines = events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(lines.join(''), () => response.destroy());
  };
}

export const silence: Reply = () => undefined;

/** Words as vectors: texts that share words are near each other; a word has the place that `vocabulary` gives it. */
export function embedsBy(vocabulary: readonly string[]): Reply {
  return (response, { body }) => {
    const data = (body['input'] as string[]).map((text, index) => {
      const said = text.toLowerCase();
      return { index, embedding: [...vocabulary.map((word) => (said.includes(word) ? 1 : 0)), 0.1] };
    });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: data.toReversed() }));
  };
}
