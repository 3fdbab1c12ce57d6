import { hash } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Call } from '#call';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { maskingConfig, maskingOfAnswers, type MaskText } from '#masking';
import { canonicalJson } from '#validation';
import { mcpConfig } from '../mcp.config.ts';
import { sessionIdOf } from '../exchange.ts';
import type { Received } from '../received.ts';
import { StreamWatch } from '../listen/stream-watch.ts';
import { Sessions } from '../session/sessions.ts';
import { isRecord, type Params } from '../wire/message.ts';
import type { Channel } from './channel.ts';
import { McpPeer } from './mcp-peer.ts';
import { SealedState, type Binding } from './sealed-state.ts';

/** What a message and its client have between them beside one question and one answer. */
@Injectable()
export class Conversations {
  readonly #mask: MaskText;
  readonly #answerTimeoutMs: number;

  constructor(
    private readonly sessions: Sessions,
    private readonly sealed: SealedState,
    private readonly streams: StreamWatch,
    @Inject(mcpConfig.KEY) config: ConfigOf<typeof mcpConfig>,
    @Optional() @Inject(maskingConfig.KEY) masking?: ConfigOf<typeof maskingConfig>,
  ) {
    this.#mask = maskingOfAnswers(masking).mask;
    this.#answerTimeoutMs = config.answerTimeoutMs;
  }

  /** Behind the last guard. Throws SESSION_NOT_FOUND, STATE_REFUSED, HEADER_MISMATCH. */
  admit(received: Received, call: Call): Promise<void> | void {
    if (received.fault) throw received.fault;
    if (received.era?.name !== 'modern') return this.#enter(received, call);
    const state = call.offered && received.message.params['requestState'];
    // Of another type it is a fault of the message, which is told next.
    if (typeof state === 'string') received.earlier = this.#opened(state, received, call);
  }

  peerOf(received: Received, call: Call): McpPeer {
    const state = {
      seal: (answers: Params) => this.sealed.seal(answers, bindingOf(received, call)),
      answerTimeoutMs: this.#answerTimeoutMs,
      spoken: (channel: Channel) => this.#spoken(channel, received, call),
    };
    return new McpPeer({ received, call, mask: this.#mask, ...state });
  }

  /** A call that speaks has no deadline any more, so whoever made it is looked at again and again. */
  #spoken(channel: Channel, received: Received, call: Call): void {
    if (!call.principal) return; // What is public asks nobody who they are.
    received.unwatch = this.streams.watch({
      call,
      exchange: received.exchange,
      end: () => {
        call.cancel(new GatehouseError('CANCELLED', 'Its caller may not call any more'));
        channel.finish(undefined);
      },
    });
  }

  #enter(received: Received, call: Call): Promise<void> | void {
    const id = sessionIdOf(received.exchange);
    // The handshake opens a session; what is public knows nobody whose session it could be.
    if (id === undefined || !call.principal || received.message.method === 'initialize') return;
    const found = this.sessions.find(id, call.principal);
    if (found instanceof Promise) return found.then((session) => received.enter(session, call));
    received.enter(found, call);
  }

  #opened(state: string, received: Received, call: Call): Params {
    const answers = this.sealed.open(state, bindingOf(received, call));
    return isRecord(answers) ? answers : {};
  }
}

/** A state is good for the same principal, the same method, and the same arguments. */
function bindingOf({ message: { method, params } }: Received, { principal, target }: Call): Binding {
  // A client may write the fields of an object in another order when it calls again.
  const asked = canonicalJson(params['arguments'] ?? params['uri'] ?? null);
  return { principalId: principal?.id ?? '', request: `${method} ${target} ${hash('sha256', asked, 'hex')}` };
}
