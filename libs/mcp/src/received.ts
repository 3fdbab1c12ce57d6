import type { Call, Caller, Peer } from '#call';
import type { GatehouseError } from '#errors';
import type { Exchange } from './exchange.ts';
import type { Conversations } from './peer/conversations.ts';
import { DirectChannel, type Channel } from './peer/channel.ts';
import type { ProtocolRequest } from './protocol/protocol-request.ts';
import type { Route } from './router.ts';
import type { LiveSession } from './session/live-session.ts';
import type { Era } from './wire/era.ts';
import type { Message, Params, RequestId } from './wire/message.ts';

const NO_MESSAGE: Message = { id: undefined, method: '', params: {}, meta: undefined };

interface ReceivedParts {
  readonly message?: Message;
  readonly id: RequestId | undefined;
  readonly era: Era | undefined;
  readonly silent: boolean;
  readonly malformed: boolean;
  readonly route: Route;
  readonly fault?: GatehouseError | undefined;
}

/** One message as it was read, where it goes, and whoever sent it. */
export class Received implements ProtocolRequest, Caller {
  readonly message: Message;
  readonly id: RequestId | undefined;
  readonly era: Era;
  /** A notification, or a response: nobody waits for an answer. */
  readonly silent: boolean;
  /** The message itself is at fault, not what it asks for. */
  readonly malformed: boolean;
  readonly route: Route;
  /** What is wrong with the message, to be told to those alone who may ask for what it asks for. */
  readonly fault: GatehouseError | undefined;
  readonly exchange: Exchange;
  /** That the message came in, once it is known to be its sender's. */
  session: LiveSession | undefined = undefined;
  openedSession: string | undefined = undefined;
  /** What the client answered before, as it was sealed. */
  earlier: Params | undefined = undefined;
  /** Set by the first word that is said before the answer. */
  channel: Channel | undefined = undefined;
  /** Ends the watch over a call that speaks. */
  unwatch: (() => void) | undefined = undefined;
  readonly #conversations: Conversations;

  constructor(parts: ReceivedParts, exchange: Exchange, conversations: Conversations) {
    this.message = parts.message ?? NO_MESSAGE;
    this.id = parts.id;
    this.era = parts.era as Era;
    this.silent = parts.silent;
    this.malformed = parts.malformed;
    this.route = parts.route;
    this.fault = parts.fault;
    this.exchange = exchange;
    this.#conversations = conversations;
  }

  get params(): Params {
    return this.message.params;
  }

  /** The resource that is to be read. */
  get uri(): string | undefined {
    const { method, params } = this.message;
    return method === 'resources/read' && typeof params['uri'] === 'string' ? params['uri'] : undefined;
  }

  admit(call: Call): Promise<void> | void {
    return this.#conversations.admit(this, call);
  }

  peerOf(call: Call): Peer {
    return this.#conversations.peerOf(this, call);
  }

  /** The message is one of a session; it can be cancelled there for as long as it runs. */
  enter(session: LiveSession, call: Call): void {
    this.session = session;
    if (this.id !== undefined) session.started(this.id, call);
  }

  /** Turns the answer into a stream. Undefined where the door has none. */
  openChannel(): Channel | undefined {
    if (this.channel) return this.channel;
    const outlet = this.exchange.openStream?.();
    // A session that is its connection ends with it: there is nothing to come back to.
    const resumable = this.exchange.sessionId === undefined ? this.session : undefined;
    if (outlet) this.channel = resumable?.channel(outlet) ?? new DirectChannel(outlet);
    if (resumable && outlet) this.exchange.outliveConnection?.();
    return this.channel;
  }
}
