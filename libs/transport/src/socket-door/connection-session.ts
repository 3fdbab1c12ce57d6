import type { Principal } from '#call';
import type { ConnectionSessions } from '#mcp';
import { SocketOutlet, type Speaker } from './socket-outlet.ts';

/** The session of a connection, once a client of 2025 has shaken hands on it. Both end together. */
export class ConnectionSession {
  id: string | undefined = undefined;
  #principal: Principal | undefined;
  readonly #outlet: SocketOutlet;

  constructor(
    private readonly sessions: ConnectionSessions,
    private readonly speaker: Speaker,
  ) {
    this.#outlet = new SocketOutlet(speaker);
  }

  /** In place of the one before, if there was one. */
  async enter(id: string, principal: Principal): Promise<void> {
    this.leave();
    this.id = id;
    this.#principal = principal;
    this.#outlet.begin();
    try {
      await this.sessions.join(id, principal, this.#outlet);
    } catch {
      // It has ended already, or its store is away: the client is told so when it uses it.
    }
    if (!this.speaker.open) this.leave();
  }

  leave(): void {
    const { id } = this;
    this.id = undefined;
    if (id !== undefined && this.#principal) void this.sessions.leave(id, this.#principal);
  }

  end(): void {
    this.#outlet.end();
    this.leave();
  }
}
