import type { Door, Principal } from '#call';

/** An open connection, as the door that serves it knows it. */
export interface Connected {
  /** As `Connections.newId` gives it. */
  readonly id: string;
  readonly door: Door;
  /** Of its client, without port. */
  readonly address: string;
  /** Undefined where the door asks nobody who they are. */
  readonly principal: Principal | undefined;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly lastActiveAt: number;
  /** Calls so far. */
  readonly calls: number;
  /** What its calls under way ask for. */
  readonly doing: readonly string[];
  /** At an administrator's order. */
  close(): void;
}

/** The same as plain data, for it travels between replicas. */
export interface ConnectionEntry {
  readonly id: string;
  readonly door: Door;
  readonly address: string;
  readonly principal: { readonly id: string; readonly name: string; readonly role: string } | null;
  readonly since: number;
  readonly lastActiveAt: number;
  readonly calls: number;
  readonly doing: readonly string[];
}

/** Of one connection, in a list. */
const MOST_DOING = 8;

export function entryOf(connected: Connected): ConnectionEntry {
  const { id, door, address, principal, since, lastActiveAt, calls, doing } = connected;
  return {
    id,
    door,
    address,
    principal: principal ? { id: principal.id, name: principal.name, role: principal.role } : null,
    since,
    lastActiveAt,
    calls,
    doing: doing.slice(0, MOST_DOING),
  };
}
