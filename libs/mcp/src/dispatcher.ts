import { Injectable } from '@nestjs/common';
import { after, allowed, isThenable, refusedBy, type Call } from '#call';
import { GatehouseError, Hidden } from '#errors';
import { errorAnswer, publicError, type Answer } from './answer.ts';
import { sessionIdOf, type Exchange } from './exchange.ts';
import { Conversations } from './peer/conversations.ts';
import { InputRequired } from './peer/input-required.ts';
import { Received } from './received.ts';
import { Router, type Route } from './router.ts';
import { eraOf, newestLegacy, type Era } from './wire/era.ts';
import { inputRequiredJson, resultMessage } from './wire/json-rpc.ts';
import { isResponse, readableId, readMessage, type Message } from './wire/message.ts';
import { checkMirroredHeaders } from './wire/mirrored-headers.ts';

const ACCEPTED: Answer = { status: 202, body: undefined, outcome: undefined };

/** JSON-RPC in, JSON-RPC out. Every message, of whatever kind, walks the pipeline before it is answered. */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly router: Router,
    private readonly conversations: Conversations,
  ) {}

  /**
   * The answer: at once where no stage and no handler waits for anything. Never throws or rejects. Sets the call's
   * operation, target and input before its first guard.
   */
  dispatch(value: unknown, call: Call, exchange: Exchange = {}): Answer | Promise<Answer> {
    return this.#answer(this.#read(value, exchange), call);
  }

  /** Answers what could not even be parsed, as `dispatch` does. */
  refuse(error: unknown, call: Call): Answer | Promise<Answer> {
    return this.#answer(this.#malformed(error, undefined, {}), call);
  }

  /** What a client of 2025 asks of its session beside messages: to listen to it, or to end it. As `dispatch`. */
  attend(what: 'listen' | 'end', call: Call, exchange: Exchange): Answer | Promise<Answer> {
    const route = this.router.session(what);
    // Its refusals are told by status: there is no message to answer.
    const parts = { id: undefined, era: newestLegacy, silent: false, malformed: true, route };
    return this.#answer(new Received(parts, exchange, this.conversations), call);
  }

  #read(value: unknown, exchange: Exchange): Received {
    const { header } = exchange;
    let message: Message;
    let era: Era;
    try {
      if (isResponse(value) && sessionIdOf(exchange) !== undefined) return this.#response(value, exchange);
      message = readMessage(value);
      era = eraOf(message, header);
      if (header && era.name === 'modern') checkMirroredHeaders(message, header);
    } catch (error) {
      return this.#malformed(error, value, exchange);
    }
    const { id, method } = message;
    const silent = id === undefined;
    let route: Route;
    let fault: GatehouseError | undefined;
    try {
      route = this.router.route(message, era);
      fault = header && route.mirrored?.(header);
    } catch (error) {
      route = this.router.refusal(publicError(error), method);
    }
    const parts = { message, id, era, silent, malformed: false, route, fault };
    return new Received(parts, exchange, this.conversations);
  }

  #malformed(error: unknown, value: unknown, exchange: Exchange): Received {
    const route = this.router.refusal(publicError(error));
    const parts = { id: readableId(value), era: undefined, silent: false, malformed: true, route };
    return new Received(parts, exchange, this.conversations);
  }

  #response(params: Message['params'], exchange: Exchange): Received {
    const message = { id: undefined, method: 'response', params, meta: undefined };
    const route = this.router.session('answer');
    const parts = { message, id: undefined, era: newestLegacy, silent: false, malformed: true, route };
    return new Received(parts, exchange, this.conversations);
  }

  #answer(received: Received, call: Call): Answer | Promise<Answer> {
    const { route } = received;
    const { input = {}, argument = route.isProtocol ? received : input } = route;
    call.operation = route.handler.operation;
    call.offered = route.offered;
    call.target = route.target ?? call.target;
    call.input = input;
    call.inputFromUrl = route.inputIsText ?? false;
    call.caller = received;
    try {
      const value = route.handler.run(argument, call);
      return isThenable(value)
        ? this.#later(value, received, call)
        : finished(received, written(received, value));
    } catch (thrown) {
      return this.#ended(thrown, received, call);
    }
  }

  async #later(value: PromiseLike<unknown>, received: Received, call: Call): Promise<Answer> {
    try {
      return finished(received, written(received, await value));
    } catch (thrown) {
      return this.#ended(thrown, received, call);
    }
  }

  #ended(thrown: unknown, received: Received, call: Call): Answer | Promise<Answer> {
    if (!(thrown instanceof Hidden)) return finished(received, this.#refused(thrown, received, call));
    call.note('missing', thrown.refusal.missing);
    const { absent } = received.route;
    if (absent === undefined) return finished(received, this.#refused(thrown, received, call));
    const { offered } = call;
    const answer = this.#answer(this.#nothing(new Hidden(absent, thrown.refusal), received), call);
    return after(answer, (told) => {
      // What the client is told is one thing, what goes on record another.
      call.operation = offered;
      call.target = received.route.target;
      return told;
    }) as Answer | Promise<Answer>;
  }

  /** The same message, if nothing stood behind the name in it: it walks the same way, and has the same limits. */
  #nothing(error: Hidden, { message, id, era, silent, exchange }: Received): Received {
    const route = this.router.refusal(error, message.method);
    return new Received({ message, id, era, silent, malformed: false, route }, exchange, this.conversations);
  }

  /** What can't be written down, such as a question that is no JSON, is a fault of ours like any other. */
  #refused(thrown: unknown, received: Received, call: Call): Answer {
    try {
      return this.#told(thrown, received, call);
    } catch (fault) {
      return errorAnswer(fault, call, received);
    }
  }

  #told(thrown: unknown, received: Received, call: Call): Answer {
    const { id, route } = received;
    if (thrown instanceof InputRequired && id !== undefined) {
      const json = inputRequiredJson(thrown.questions, thrown.state);
      return { status: 200, body: resultMessage(id, json), outcome: allowed(call, 200) };
    }
    const error = faultOf(thrown, call);
    const told = route.writeError?.(error, call);
    if (told === undefined || id === undefined) return errorAnswer(error, call, received);
    return { status: 200, body: resultMessage(id, told), outcome: refusedBy(error, 200) };
  }
}

/** A handler that heeds its signal mostly ends with an error of its own: that nobody wants its answer is no fault of ours. */
function faultOf(thrown: unknown, { signal }: Call): GatehouseError {
  const error = publicError(thrown);
  const isHeeded = error.code === 'INTERNAL' && signal.aborted && signal.reason instanceof GatehouseError;
  return isHeeded ? signal.reason : error;
}

function written({ id, openedSession, route }: Received, value: unknown): Answer {
  if (id === undefined) return ACCEPTED;
  const body = resultMessage(id, route.write(value));
  return openedSession === undefined
    ? { status: 200, body, outcome: undefined }
    : { status: 200, body, outcome: undefined, sessionId: openedSession };
}

function finished(received: Received, answer: Answer): Answer {
  if (received.id !== undefined) received.session?.finished(received.id);
  received.unwatch?.();
  received.channel?.finish(answer.body);
  return answer;
}
