import { randomUUID } from 'node:crypto';
import type { ClientCertificate } from './client-certificate.ts';
import type { Operation } from './operation.ts';
import type { Principal } from './principal.ts';
import type { LimitDecision } from './limit-decision.ts';
import { silentPeer, type Caller, type Peer } from './peer.ts';

/** Where calls come in. `cli` is a command on the machine itself, `stdio` a client that has started the program. */
export type Door = 'rest' | 'mcp' | 'ws' | 'tcp' | 'stdio' | 'cli';

export interface CallOptions {
  door: Door;
  /** Address of the client: IPv4 or IPv6 text, without port. */
  address: string;
  /** The Authorization header, as it came. */
  authorization: string | undefined;
  /** What the client has proven by TLS, where it was asked to. */
  clientCertificate?: ClientCertificate | undefined;
}

/**
 * One call of one client, from its first byte to its record. Every stage of the pipeline reads it and adds what it
 * has found; none looks at the wire.
 */
export class Call {
  /** Correlation id: in the answer's header, in every line of the log, and in the audit record. */
  readonly id: string = randomUUID();
  readonly door: Door;
  readonly address: string;
  readonly authorization: string | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  /** Epoch milliseconds. */
  readonly receivedAt: number = Date.now();
  /** Set by the door once it knows what is asked for; absent in what never became a call (bad JSON, no such route). */
  operation: Operation | undefined = undefined;
  /**
   * What is asked for, where the door shows its callers only what their role may ever use: to all others it is not there.
   */
  offered: Operation | undefined = undefined;
  /** MCP tool, prompt or resource that is asked for; the route's path on REST. */
  target: string | undefined = undefined;
  /** What the caller sent: bound by the door, checked by the validation stage. */
  input: unknown = undefined;
  /** The input came in a URL, so its values are texts that the schema may turn into numbers and booleans. */
  inputFromUrl = false;
  /** Set by the identity stage. */
  principal: Principal | undefined = undefined;
  /**
   * Who made the call that this one carries on, where no client is there to show a credential. Only ever set from what
   * the identity stage has proven before; it looks again whether that still holds.
   */
  onBehalfOf: Principal | undefined = undefined;
  /** Set by the throttle stage, for the headers of the answer. */
  limits: LimitDecision | undefined = undefined;
  /** More about this call for its audit record. Small, and free of secrets. */
  notes: Record<string, string | number | boolean> | undefined = undefined;
  /** Set when the handler asks its client: what it answers then is made of more than the input. */
  asked = false;
  /** Nobody has called: the gateway looks whether a caller may still be there. It speaks for and against nobody. */
  unasked = false;
  /** Set by the settlement: it has its outcome, and gets no second one. */
  settled = false;
  /** Set by a door whose clients can be spoken to while a handler works. */
  caller: Caller | undefined = undefined;
  #peer: Peer | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  readonly #startedAt = performance.now();

  constructor({ door, address, authorization, clientCertificate }: CallOptions) {
    this.door = door;
    this.address = address;
    this.authorization = authorization;
    this.clientCertificate = clientCertificate;
  }

  /** To speak to the client before the answer. Made on demand: most handlers never say a word. */
  get peer(): Peer {
    return (this.#peer ??= this.caller?.peerOf(this) ?? silentPeer);
  }

  /** Aborts when the client has gone or the call's time is up. Made on demand: most handlers never ask. */
  get signal(): AbortSignal {
    return (this.#abort ??= new AbortController()).signal;
  }

  cancel(reason: Error): void {
    (this.#abort ??= new AbortController()).abort(reason);
  }

  /** Milliseconds since the call came in. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  note(key: string, value: string | number | boolean): void {
    (this.notes ??= {})[key] = value;
  }
}
