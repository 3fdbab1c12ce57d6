import type { Call, ClientCertificate, Door, Principal, Settlement } from '#call';
import type { Exchange } from '#mcp';

/** Who is at the other end. */
export interface Visitor {
  /** Of the connection. */
  readonly id: string;
  readonly door: Door;
  readonly address: string;
  readonly authorization: string | undefined;
  /** What it has shown when it connected: each of its calls shows it again. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** Undefined where the door asks nobody who they are. */
  readonly principal: Principal | undefined;
  /** The connection ends when its client has used up its limits. */
  readonly endsOnExcess: boolean;
  /** The call that opened the connection, and whoever records what ends it when its credential is good no more. */
  readonly watched: { readonly call: Call; readonly exchange: Pick<Exchange, 'record'> } | undefined;
}

export interface Admission {
  /** Of the connection. */
  readonly id: string;
  readonly endsOnExcess?: boolean;
}

/** Whoever has opened a connection with this call. */
export function visitorOf(
  call: Call,
  { id, endsOnExcess = false }: Admission,
  settlement: Pick<Settlement, 'settle'>,
): Visitor {
  const { door, address, principal, authorization, clientCertificate } = call;
  const exchange = { record: settlement.settle.bind(settlement) };
  const watched = principal && { call, exchange };
  return { id, door, address, principal, authorization, clientCertificate, endsOnExcess, watched };
}
