import { Injectable } from '@nestjs/common';
import { refusedBy, type Call } from '#call';
import { errorAnswer, publicError, type Answer, type Received } from './answer.ts';
import { Router, type Route } from './router.ts';
import { eraOf, type Era } from './wire/era.ts';
import { resultMessage } from './wire/json-rpc.ts';
import { readableId, readMessage, type Message } from './wire/message.ts';
import { checkMirroredHeaders, type HeaderReader } from './wire/mirrored-headers.ts';

/** What a door knows of a message beside the message itself. */
export interface Exchange {
  /** Reads the headers that repeat the message; doors without headers leave it out. */
  readonly header?: HeaderReader;
}

interface Read extends Received {
  readonly route: Route;
}

const ACCEPTED: Answer = { status: 202, body: undefined, outcome: undefined };

/** JSON-RPC in, JSON-RPC out. Every message, of whatever kind, walks the pipeline before it is answered. */
@Injectable()
export class Dispatcher {
  constructor(private readonly router: Router) {}

  /** Never rejects. Sets the call's operation, target and input before its first guard. */
  async dispatch(value: unknown, call: Call, exchange: Exchange = {}): Promise<Answer> {
    return this.#answer(this.#read(value, exchange), call);
  }

  /** Answers what could not even be parsed. Never rejects. */
  async refuse(error: unknown, call: Call): Promise<Answer> {
    return this.#answer(this.#malformed(error, undefined), call);
  }

  #read(value: unknown, { header }: Exchange): Read {
    let message: Message;
    let era: Era;
    try {
      message = readMessage(value);
      era = eraOf(message, header);
      if (header && era.name === 'modern') checkMirroredHeaders(message, header);
    } catch (error) {
      return this.#malformed(error, value);
    }
    const { id, method } = message;
    const received = { id, era, uri: resourceOf(message), silent: id === undefined, malformed: false };
    try {
      return { ...received, route: this.router.route(message, era) };
    } catch (error) {
      return { ...received, route: this.router.refusal(publicError(error), method) };
    }
  }

  #malformed(error: unknown, value: unknown): Read {
    const route = this.router.refusal(publicError(error));
    return { id: readableId(value), era: undefined, silent: false, malformed: true, route };
  }

  async #answer(read: Read, call: Call): Promise<Answer> {
    const { id, route } = read;
    const { input = {}, argument = input } = route;
    call.operation = route.handler.operation;
    call.target = route.target ?? call.target;
    call.input = input;
    call.inputFromUrl = route.inputIsText ?? false;
    try {
      const value = await route.handler.run(argument, call);
      if (id === undefined) return ACCEPTED;
      return { status: 200, body: resultMessage(id, route.write(value)), outcome: undefined };
    } catch (thrown) {
      return this.#refused(thrown, read, call);
    }
  }

  #refused(thrown: unknown, read: Read, call: Call): Answer {
    const error = publicError(thrown);
    const told = read.route.writeError?.(error, call);
    if (told === undefined || read.id === undefined) return errorAnswer(error, call, read);
    return { status: 200, body: resultMessage(read.id, told), outcome: refusedBy(error, 200) };
  }
}

function resourceOf({ method, params }: Message): string | undefined {
  return method === 'resources/read' && typeof params['uri'] === 'string' ? params['uri'] : undefined;
}
