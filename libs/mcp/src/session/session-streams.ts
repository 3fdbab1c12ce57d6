import type { Outlet } from '../exchange.ts';
import type { Channel } from '../peer/channel.ts';
import type { ReplayMemory, Rememberer } from './replay-memory.ts';

/** All that one session may have said and not yet forgotten, so that a client can come back for it. */
const MOST_CHARACTERS = 1_048_576;
/** What remembering an event takes beside its text, roughly. */
const OVERHEAD = 200;
const MOST_EVENTS = 1000;
/** A client that has not come back for this long does not come back. */
const KEPT_MS = 300_000;
const RETRY_MS = 1000;

interface Kept {
  readonly stream: ResumableStream;
  readonly position: number;
  readonly data: string;
  readonly at: number;
}

/** The streams of one session, and what was said on them lately (MCP 2025-11-25, "Resumability and Redelivery"). */
export class SessionStreams implements Rememberer {
  /** Oldest first, over all streams. */
  readonly #kept: Kept[] = [];
  #characters = 0;
  #ended = false;
  readonly #streams = new Map<string, ResumableStream>();
  #made = 0;

  /** Older clients take an event without data for a broken message (SEP-1699). */
  constructor(
    private readonly primes: boolean,
    private readonly memory: ReplayMemory,
  ) {}

  /** A stream for the answer of one request. */
  open(outlet: Outlet): Channel {
    const stream = this.#make(String(++this.#made));
    stream.open(outlet, this.primes);
    return stream;
  }

  /** The one stream for what belongs to no request; another connection takes it over. */
  listen(outlet: Outlet): void {
    const stream = this.#streams.get(STANDALONE) ?? this.#make(STANDALONE);
    stream.open(outlet, this.primes);
  }

  /**
   * Says what was missed since the event, and goes on from there. False where that stream is not known any more, or has
   * not begun: nobody can have missed a word of it, and what it says is not on record yet, and may never be.
   */
  resume(lastEventId: string, outlet: Outlet): boolean {
    const [name = '', position = ''] = lastEventId.split('_', 2);
    const stream = this.#streams.get(name);
    if (!stream?.begun || !/^\d{1,15}$/.test(position)) return false;
    stream.attach(outlet);
    for (const kept of this.#kept)
      if (kept.stream === stream && kept.position > Number(position)) outlet.send(eventOf(kept));
    if (stream.finished) outlet.end();
    return true;
  }

  /** To whoever listens, or comes back to listen; lost where nobody ever has. */
  notify(message: string): void {
    this.#streams.get(STANDALONE)?.send(message);
  }

  get isListening(): boolean {
    return this.#streams.get(STANDALONE)?.connected ?? false;
  }

  keep(stream: ResumableStream, position: number, data: string): Kept {
    const kept = { stream, position, data, at: performance.now() };
    if (this.#ended) return kept;
    this.#kept.push(kept);
    const characters = sizeOf(kept);
    this.#characters += characters;
    this.memory.remembered(this, characters);
    while (this.#characters > MOST_CHARACTERS || this.#kept.length > MOST_EVENTS) this.forgetOldest();
    return kept;
  }

  forgetOld(): void {
    const limit = performance.now() - KEPT_MS;
    while (this.#kept[0] && this.#kept[0].at < limit) this.forgetOldest();
    const remembered = new Set(this.#kept.map(({ stream }) => stream));
    for (const [name, stream] of this.#streams)
      if (stream.finished && !remembered.has(stream)) this.#streams.delete(name);
  }

  end(): void {
    for (const stream of this.#streams.values()) stream.finish(undefined);
    this.#streams.clear();
    this.#ended = true;
    while (this.forgetOldest() > 0);
  }

  forgetOldest(): number {
    const kept = this.#kept.shift();
    const characters = kept ? sizeOf(kept) : 0;
    this.#characters -= characters;
    this.memory.forgotten(characters);
    if (this.#kept.length === 0) this.memory.leave(this);
    return characters;
  }

  #make(name: string): ResumableStream {
    if (this.#streams.size >= MOST_EVENTS) this.forgetOld();
    const stream = new ResumableStream(name, this);
    this.#streams.set(name, stream);
    return stream;
  }
}

const STANDALONE = 'listen';

/** A stream that outlives its connections. */
class ResumableStream implements Channel {
  finished = false;
  #position = 0;
  #outlet: Outlet | undefined;
  /** Of the call that it answers. */
  #opener: Outlet | undefined;
  #begun = false;

  constructor(
    readonly name: string,
    private readonly streams: SessionStreams,
  ) {}

  get connected(): boolean {
    return this.#outlet?.open ?? false;
  }

  get begun(): boolean {
    return (this.#begun ||= this.#opener?.begun ?? false);
  }

  /** The first event of a connection tells the client where to begin when it has to come back. */
  open(outlet: Outlet, primed: boolean): void {
    this.#begun = this.begun;
    this.#opener = outlet;
    this.attach(outlet);
    if (primed) outlet.send({ id: `${this.name}_${this.#position}`, data: '', retryMs: RETRY_MS });
  }

  attach(outlet: Outlet): void {
    this.#outlet?.end();
    this.#outlet = outlet;
  }

  send(data: string): void {
    const kept = this.streams.keep(this, ++this.#position, data);
    if (this.#outlet?.open) this.#outlet.send(eventOf(kept));
  }

  finish(data: string | undefined): void {
    if (data !== undefined) this.send(data);
    this.finished = true;
    this.#outlet?.end();
  }

  pause(): void {
    this.#outlet?.end();
    this.#outlet = undefined;
  }
}

function sizeOf({ data }: Kept): number {
  return data.length + OVERHEAD;
}

function eventOf({ stream, position, data }: Kept): { id: string; data: string } {
  return { id: `${stream.name}_${position}`, data };
}
