import type { AuditTrail } from '#audit';
import type { BlockGate } from '#blocking';
import type { Call, ClientCertificate, Door, Principal, Settlement } from '#call';
import type { Connections } from '#connections';
import type { ConnectionSessions, Dispatcher, Exchange, StreamWatch } from '#mcp';
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

/** Who is at the other end. */
export interface Visitor {
  /** Of the connection. */
  readonly id: string;
  readonly door: Door;
  readonly address: string;
  readonly authorization: string | undefined;
  /** What it has shown when it connected: each of its calls shows it again. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Undefined where the door asks nobody who they are. */
  readonly principal: Principal | undefined;
  /** The connection ends when its client has used up its limits. */
  readonly endsOnExcess: boolean;
  /** The call that opened the connection, and whoever records what ends it when its credential is good no more. */
  readonly watched?: { readonly call: Call; readonly exchange: Pick<Exchange, 'record'> } | undefined;
}
