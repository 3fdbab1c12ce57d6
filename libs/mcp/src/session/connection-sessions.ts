import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import type { Outlet } from '../exchange.ts';
import { Sessions } from './sessions.ts';

/**
 * The sessions of clients of 2025 at the doors where a connection is one (MCP 2025-11-25, "Lifecycle"): what is said to
 * the session is said on the connection, and both end together.
 */
@Injectable()
export class ConnectionSessions {
  constructor(private readonly sessions: Sessions) {}

  /** Throws SESSION_NOT_FOUND for a session that has ended meanwhile. */
  async join(id: string, principal: Principal, connection: Outlet): Promise<void> {
    (await this.sessions.find(id, principal)).join(connection);
  }

  /** Ends it, unless it has ended before. */
  async leave(id: string, principal: Principal): Promise<void> {
    try {
      await this.sessions.close(await this.sessions.find(id, principal));
    } catch {
      // Gone already, or its store is away: then its time will be up.
    }
  }
}
