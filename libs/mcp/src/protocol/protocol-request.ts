import type { Era } from '../wire/era.ts';
import type { Params } from '../wire/message.ts';

/** What a method of the protocol is called with. Its params are checked by the method itself, not by a schema. */
export interface ProtocolRequest {
  readonly params: Params;
  readonly era: Era;
}

/** What a method of the protocol returns: a result, or the JSON text of one that was made before. */
export type ProtocolResult = Readonly<Record<string, unknown>> | (() => string);
