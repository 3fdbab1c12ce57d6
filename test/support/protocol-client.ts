import type { Told } from './socket-client.ts';
import { MODERN } from './gateway-client.ts';
import { wireFault } from './official-schema.ts';

export type { Told } from './socket-client.ts';
export type Params = Readonly<Record<string, unknown>>;
export type Message = Params & { readonly id?: string | number; readonly method?: string };

/** A request that is under way. */
export interface Begun {
  readonly id: number;
  /** Undefined when its connection has ended without one. */
  readonly answer: Promise<Told | undefined>;
}

const NAMESPACE = 'io.modelcontextprotocol';
/** Of all clients, so that none hears an answer to another that had its connection before. */
let ids = 0;

/** A client of one era, message by message, whatever carries them. */
export abstract class ProtocolClient {
  /** What came beside answers, in order: notifications, and what the server asks. */
  readonly heard: Told[] = [];
  /** In what the server has said, by the official schema of the revision. */
  readonly faults: string[] = [];
  /** What it says to what it is asked; it says nothing by itself where this is not set. */
  onAsked: ((asked: Told) => unknown) | undefined;
  readonly #waiting = new Map<string | number, (told: Told | undefined) => void>();
  readonly #begun = new Map<string | number, Begun>();
  readonly #asked = new Map<string | number, string>();

  constructor(
    readonly revision: string,
    /** What it says that it can do. */
    readonly capabilities: object = {},
  ) {}

  get modern(): boolean {
    return this.revision === MODERN;
  }

  /** Sends one message, and resolves when it was taken. */
  protected abstract send(message: Message): Promise<void>;
  /** Wants an answer no more, in the manner of its door and era. */
  abstract cancel(begun: Begun): Promise<void>;
  abstract close(): Promise<void>;

  begin(method: string, { _meta, ...params }: Params = {}): Begun {
    const id = ++ids;
    const { promise: answer, resolve } = Promise.withResolvers<Told | undefined>();
    this.#waiting.set(id, resolve);
    this.#asked.set(id, method);
    const meta = { ...(this.modern && this.#self()), ...(_meta as object | undefined) };
    const told = { ...params, ...(Object.keys(meta).length > 0 && { _meta: meta }) };
    void this.send({ jsonrpc: '2.0', id, method, params: told });
    const begun = { id, answer };
    this.#begun.set(id, begun);
    return begun;
  }

  /** The answer. Throws where the connection ends without one. */
  async request(method: string, params?: Params): Promise<Told> {
    const answer = await this.begin(method, params).answer;
    if (!answer) throw new Error(`No answer to ${method}`);
    return answer;
  }

  tool(name: string, input: Params = {}, more: Params = {}): Promise<Told> {
    return this.request('tools/call', { name, arguments: input, ...more });
  }

  notify(method: string, params: Params = {}): Promise<void> {
    return this.send({ jsonrpc: '2.0', method, params });
  }

  /** To what the server has asked, or to nothing. */
  respond(id: unknown, said: { result: unknown } | { error: unknown }): Promise<void> {
    return this.send({ jsonrpc: '2.0', id: id as string, ...said });
  }

  /** The params of what it has heard of one kind. */
  heardOf(method: string): Record<string, unknown>[] {
    return this.heard.filter((told) => told.method === method).map(({ params }) => params ?? {});
  }

  protected take(told: Told): void {
    const { id, method } = told;
    this.#hold(told);
    if (method !== undefined) {
      this.heard.push(told);
      if (id !== undefined && this.onAsked) void this.respond(id, { result: this.onAsked(told) });
    } else if (id !== undefined && id !== null) this.settle(id, told);
  }

  /** What answers no request of its own answers one of another client, that had the connection before. */
  #hold(told: Told): void {
    const asked = this.#asked.get(told.id ?? '');
    if (told.method === undefined && asked === undefined) return;
    const fault = wireFault(told, this.revision, asked);
    if (fault !== undefined) this.faults.push(fault);
  }

  protected settle(id: string | number, told: Told | undefined): void {
    this.#waiting.get(id)?.(told);
    this.#waiting.delete(id);
    this.#begun.delete(id);
  }

  /** Wants nothing any more that is under way. */
  protected async giveUp(): Promise<void> {
    for (const begun of this.#begun.values()) await this.cancel(begun);
  }

  /** Nothing will come any more. */
  protected lost(): void {
    for (const id of this.#waiting.keys()) this.settle(id, undefined);
  }

  #self(): object {
    return {
      [`${NAMESPACE}/protocolVersion`]: this.revision,
      [`${NAMESPACE}/clientInfo`]: { name: 'test', version: '1' },
      [`${NAMESPACE}/clientCapabilities`]: this.capabilities,
    };
  }
}
