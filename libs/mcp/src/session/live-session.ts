import { randomBytes } from 'node:crypto';
import type { Call } from '#call';
import { GatehouseError } from '#errors';
import type { Outlet } from '../exchange.ts';
import type { Channel } from '../peer/channel.ts';
import type { Question } from '../peer/questions.ts';
import { isRecord, type Params, type RequestId } from '../wire/message.ts';
import type { SessionState } from './session-store.ts';
import type { ReplayMemory } from './replay-memory.ts';
import { SessionStreams } from './session-streams.ts';

/** The first revision whose clients know an event without data. */
const PRIMING_SINCE = '2025-11-25';
/** Questions that wait for one client at a time. */
const MOST_QUESTIONS = 32;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A session as it is served here: what runs in it, what it has asked, and who listens. */
export class LiveSession {
  state: SessionState;
  #streams: SessionStreams | undefined;
  /** By the id that the client gave its request. */
  readonly #running = new Map<RequestId, Call>();
  readonly #questions = new Map<string, Waiting>();
  #asked = 0;
  /** The connection that this session is one with, where it is. */
  #connection: Outlet | undefined;
  /** Another replica that serves this session asks too: the answer to its question must not be taken for one to ours. */
  readonly #name = randomBytes(6).toString('base64url');

  constructor(
    state: SessionState,
    private readonly memory: ReplayMemory,
  ) {
    this.state = state;
  }

  get streams(): SessionStreams {
    return (this.#streams ??= new SessionStreams(this.state.revision >= PRIMING_SINCE, this.memory));
  }

  /** Its client listens, or waits for the answer to a call. */
  get isInUse(): boolean {
    return this.#running.size > 0 || (this.#connection?.open ?? this.#streams?.isListening ?? false);
  }

  channel(outlet: Outlet): Channel {
    return this.streams.open(outlet);
  }

  /** All that belongs to no request is said there from now on. */
  join(connection: Outlet): void {
    this.#connection = connection;
  }

  notify(message: string): void {
    if (this.#connection) this.#connection.send({ data: message });
    else this.#streams?.notify(message);
  }

  started(id: RequestId, call: Call): void {
    this.#running.set(id, call);
  }

  finished(id: RequestId): void {
    this.#running.delete(id);
  }

  /** The client does not want the answer any more. */
  cancel(id: unknown): void {
    this.#running
      .get(id as RequestId)
      ?.cancel(new GatehouseError('CANCELLED', 'The client has cancelled the call'));
  }

  /** Asks over a call's stream. Rejects when the client refuses, when it takes too long, and when the signal says so. */
  async ask(
    question: Question,
    via: { channel: Channel; signal: AbortSignal; timeoutMs: number },
  ): Promise<unknown> {
    if (this.#questions.size >= MOST_QUESTIONS) throw failed('has too many questions to answer already');
    const id = `ask-${this.#name}-${++this.#asked}`;
    const { signal } = via;
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.#questions.set(id, { resolve, reject });
        timer = setTimeout(() => reject(failed('did not answer in time')), via.timeoutMs).unref();
        onAbort = () => reject(signal.reason as Error);
        signal.addEventListener('abort', onAbort);
        if (signal.aborted) return onAbort();
        via.channel.send(
          JSON.stringify({ jsonrpc: '2.0', id, method: question.method, params: question.params }),
        );
      });
    } finally {
      this.#questions.delete(id);
      clearTimeout(timer);
      if (onAbort) signal.removeEventListener('abort', onAbort);
    }
  }

  /** Throws INVALID_REQUEST for an answer to nothing that was asked. */
  answer(response: Params): void {
    const { id, result, error } = response;
    const waiting = typeof id === 'string' ? this.#questions.get(id) : undefined;
    if (!waiting) throw new GatehouseError('INVALID_REQUEST', 'A response to nothing that was asked');
    if (isRecord(error) || !isRecord(result)) waiting.reject(failed('refused to answer'));
    else waiting.resolve(result);
  }

  rest(): void {
    this.#streams?.forgetOld();
  }

  end(): void {
    for (const { reject } of this.#questions.values()) reject(failed('has ended its session'));
    this.#streams?.end();
  }
}

function failed(why: string): GatehouseError {
  return new GatehouseError('UPSTREAM_FAILED', `The client ${why}`);
}
