import type { AuditTrail } from '#audit';
import type { BlockGate } from '#blocking';
import type { Settlement } from '#call';
import type { Connections } from '#connections';
import type { ConnectionSessions, Dispatcher, StreamWatch } from '#mcp';
import type { Deadlines } from '../deadlines.ts';
import type { Handshakes } from './handshakes.ts';
import type { SocketCall } from './socket-call.ts';

/** What the doors where a connection lasts have in common. */
export interface SocketServices {
  readonly dispatcher: Dispatcher;
  readonly settlement: Pick<Settlement, 'settle'>;
  readonly blocks: Pick<BlockGate, 'find' | 'refusalOf' | 'absorbs' | 'cuts'>;
  readonly sessions: ConnectionSessions;
  readonly watch: StreamWatch;
  readonly handshakes: Handshakes;
  readonly connections: Connections;
  readonly audit: Pick<AuditTrail, 'event'>;
}

export interface SocketTools extends SocketServices {
  readonly deadlines: Deadlines<SocketCall>;
}
