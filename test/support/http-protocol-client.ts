import { setTimeout as sleep } from 'node:timers/promises';
import { ProtocolClient, type Begun, type Message, type Params, type Told } from './protocol-client.ts';

const VERSION = 'io.modelcontextprotocol/protocolVersion';

/** Over HTTP each message is a request of its own; a client of 2025 listens by GET. */
export class HttpProtocolClient extends ProtocolClient {
  readonly #over = new AbortController();
  readonly #open = new Map<number, AbortController>();
  #session: string | undefined;

  constructor(
    private readonly url: URL,
    private readonly key: string,
    ...era: ConstructorParameters<typeof ProtocolClient>
  ) {
    super(...era);
  }

  override async cancel(begun: Begun): Promise<void> {
    // MCP 2026-07-28, "Cancellation": to close the stream is to cancel.
    if (this.modern) this.#open.get(begun.id)?.abort();
    else await this.notify('notifications/cancelled', { requestId: begun.id });
  }

  override async close(): Promise<void> {
    this.#over.abort();
    this.lost();
  }

  /** After the handshake: what belongs to no request is said there. */
  async listen(): Promise<void> {
    const response = await this.#fetch({ method: 'GET' }, this.#over.signal);
    void this.#read(response).catch(() => undefined); // It has ended.
  }

  protected override async send(message: Message): Promise<void> {
    const { id } = message;
    const abort = new AbortController();
    if (typeof id === 'number') this.#open.set(id, abort);
    try {
      const signal = AbortSignal.any([abort.signal, this.#over.signal]);
      const response = await this.#fetch(
        { method: 'POST', body: JSON.stringify(message), headers: this.#mirrored(message) },
        signal,
      );
      this.#session ??= response.headers.get('mcp-session-id') ?? undefined;
      await this.#read(response);
    } catch {
      await sleep(0); // It was not wanted any more.
    } finally {
      if (typeof id === 'number') {
        this.#open.delete(id);
        if (message.method !== undefined) this.settle(id, undefined);
      }
    }
  }

  #fetch({ headers, ...init }: RequestInit, signal: AbortSignal): Promise<Response> {
    return fetch(this.url, {
      ...init,
      signal,
      headers: {
        authorization: `Bearer ${this.key}`,
        accept: init.method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
        'mcp-protocol-version': this.revision,
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
        ...(this.#session !== undefined && { 'mcp-session-id': this.#session }),
        ...(headers as Record<string, string> | undefined),
      },
    });
  }

  /** What a client of 2026-07-28 says of its message in headers too. */
  #mirrored({ method, params = {} }: Message): Record<string, string> {
    if (!this.modern || method === undefined) return {};
    const { name, uri, taskId, _meta } = params as Params;
    const named = name ?? uri ?? taskId;
    const version = (_meta as Params | undefined)?.[VERSION];
    return {
      ...(typeof version === 'string' && { 'mcp-protocol-version': version }),
      'mcp-method': method,
      ...(typeof named === 'string' && { 'mcp-name': named }),
    };
  }

  async #read(response: Response): Promise<void> {
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      const text = await response.text();
      if (text !== '') this.take(JSON.parse(text) as Told);
      return;
    }
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (text + chunk).split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const data = /^data: (.+)$/m.exec(event)?.[1];
        if (data !== undefined) this.take(JSON.parse(data) as Told);
      }
    }
  }
}
