import type { Outlet, StreamEvent } from '#mcp';

/** Of what one call says before its record is safe, in characters. */
const MOST_HELD = 1_048_576;

/** Where the messages of an outlet leave. */
export interface Speaker {
  readonly open: boolean;
  /** Says what nobody has asked for; cuts a client that does not read. */
  push(text: string): void;
  cutUnread(): void;
}

/** The messages of one call, or of a session, on a connection that carries others too. Nothing leaves before `begin`. */
export class SocketOutlet implements Outlet {
  begun = false;
  readonly closed: Promise<void>;
  #close!: () => void;
  #ended = false;
  #held: string[] = [];
  #heldCharacters = 0;

  constructor(private readonly speaker: Speaker) {
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  get open(): boolean {
    return !this.#ended && this.speaker.open;
  }

  /** Events without data are for clients that can come back. */
  send({ data }: StreamEvent): void {
    if (!this.open || data === '') return;
    if (this.begun) this.speaker.push(data);
    else this.#hold(data);
  }

  /** The record of the call is safe. */
  begin(): void {
    this.begun = true;
    for (const data of this.#held.splice(0)) this.speaker.push(data);
  }

  end(): void {
    this.#ended = true;
    this.#close();
  }

  /** Ends, and says nothing of what it holds. */
  abandon(): void {
    this.#held = [];
    this.end();
  }

  #hold(data: string): void {
    this.#held.push(data);
    this.#heldCharacters += data.length;
    if (this.#heldCharacters > MOST_HELD && this.#held.length > 1) this.speaker.cutUnread();
  }
}
