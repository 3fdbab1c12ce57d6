import type { Outlet } from '../exchange.ts';

/** The way of one call's messages to its client. */
export interface Channel {
  send(message: string): void;
  /** Says the last message, and ends. */
  finish(message: string | undefined): void;
  /** Closes the connection, where the client can come back for the rest. */
  pause(): void;
}

/** One connection and no second: what is said after it broke is lost (MCP 2026-07-28, "Receiving Messages"). */
export class DirectChannel implements Channel {
  constructor(private readonly outlet: Outlet) {}

  send(data: string): void {
    this.outlet.send({ data });
  }

  finish(data: string | undefined): void {
    if (data !== undefined) this.outlet.send({ data });
    this.outlet.end();
  }

  pause(): void {}
}
