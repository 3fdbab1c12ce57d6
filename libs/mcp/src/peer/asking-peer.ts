import { Peer, type Call } from '#call';
import { maskValue, type MaskText } from '#masking';
import type { Params } from '../wire/message.ts';
import type { Question } from './questions.ts';

/** A client that can be asked in the result: its answers are there when the handler runs again. */
export abstract class AskingPeer extends Peer {
  readonly call: Call;
  /** What the client has answered this handler, by the name of the question. */
  readonly answered: Record<string, unknown> = {};
  readonly #mask: MaskText;

  constructor(call: Call, mask: MaskText) {
    super();
    this.call = call;
    this.#mask = mask;
  }

  /** What the client has declared that it can do. */
  abstract get declared(): Params;
  /** Where answers may be, what was answered before first. */
  abstract get given(): readonly (Params | undefined)[];
  /** What ends the run: the client is to answer these first. */
  abstract pauseFor(open: Readonly<Record<string, Question>>): Error;

  masked<T>(value: T): T {
    return this.call.operation?.revealsSecret ? value : maskValue(value, this.#mask);
  }
}
