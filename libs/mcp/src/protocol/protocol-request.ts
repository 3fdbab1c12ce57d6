import type { Exchange } from '../exchange.ts';
import type { Channel } from '../peer/channel.ts';
import type { LiveSession } from '../session/live-session.ts';
import type { Era } from '../wire/era.ts';
import type { Params, RequestId } from '../wire/message.ts';

/** What a method of the protocol is called with. Its params are checked by the method itself, not by a schema. */
export interface ProtocolRequest {
  readonly id: RequestId | undefined;
  readonly params: Params;
  readonly era: Era;
  readonly exchange: Exchange;
  /** That it came in; clients without one have none. */
  readonly session: LiveSession | undefined;
  /** Of a handshake: the session that it opens, for the answer's header. */
  openedSession: string | undefined;
  /** Turns the answer into a stream. Undefined where the door has none. */
  openChannel(): Channel | undefined;
}

/** What a method of the protocol returns: a result, or the JSON text of one that was made before. */
export type ProtocolResult = Readonly<Record<string, unknown>> | (() => string);
