import { Logger } from '@nestjs/common';
import type { Call } from '#call';
import { Deadlines } from '../deadlines.ts';
import { endings, type Ending } from './endings.ts';
import { ServedConnection } from './served-connection.ts';
import type { SocketCall } from './socket-call.ts';
import type { SocketServices, SocketTools } from './socket-tools.ts';
import { Vigil } from './vigil.ts';
import { visitorOf, type Admission, type Visitor } from './visitor.ts';
import type { Wire } from './wire.ts';

export interface SocketDoorOptions {
  /** Time that one call may take, and one message to come, in milliseconds. */
  timeoutMs: number;
  /** Time after which a connection ends on which nothing happens. */
  idleMs: number;
}

const logger = new Logger('SocketDoor');

/** What the doors share where a connection lasts: each of them only turns bytes into messages, and back. */
export class SocketDoor {
  readonly services: SocketServices;
  readonly timeoutMs: number;
  readonly #tools: SocketTools;
  readonly #vigil: Vigil;
  readonly #served = new Map<ServedConnection, Promise<void>>();
  #closing = false;

  constructor(services: SocketServices, { timeoutMs, idleMs }: SocketDoorOptions) {
    this.services = services;
    this.timeoutMs = timeoutMs;
    const deadlines = new Deadlines<SocketCall>(timeoutMs, (one, late) => one.expire(late));
    this.#tools = { ...services, deadlines };
    this.#vigil = new Vigil({ timeoutMs, idleMs });
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** How many calls are under way. */
  running(): number {
    let running = 0;
    for (const served of this.#served.keys()) running += served.running;
    return running;
  }

  /** Takes over a connection that was let in with this call. Resolves when it is over, and that is on record. */
  serve(wire: Wire, call: Call, admission: Admission): Promise<void> {
    const visitor = visitorOf(call, admission, this.services.settlement);
    const served = new ServedConnection(wire, visitor, this.#tools);
    const done = this.#accompany(served, wire, visitor);
    this.#served.set(served, done);
    if (this.#closing) served.end(endings.shutdown);
    return done;
  }

  /** Asks all to go. Each does when what runs on it is answered. */
  shut(): void {
    this.#closing = true;
    for (const served of this.#served.keys()) served.end(endings.shutdown);
  }

  /** Ends what is left. */
  async close(): Promise<void> {
    this.shut();
    for (const served of this.#served.keys()) served.cut();
    await Promise.all(this.#served.values());
    this.#tools.deadlines.close();
    this.#vigil.close();
  }

  async #accompany(served: ServedConnection, wire: Wire, visitor: Visitor): Promise<void> {
    const { connections, watch } = this.services;
    const leave = connections.add(served);
    const unwatch = visitor.watched
      ? watch.watch({ ...visitor.watched, end: () => served.end(endings.revoked) })
      : undefined;
    const relieve = this.#vigil.keep(served, wire);
    const ending = await served.over;
    relieve();
    unwatch?.();
    leave();
    await this.#recordEnd(served, ending);
    await served.quiet;
    this.#served.delete(served);
  }

  async #recordEnd(served: ServedConnection, { event, reason }: Ending): Promise<void> {
    const { id, door, address, principal, since, calls } = served;
    const seconds = Math.round((Date.now() - since) / 1000);
    const notes = { connection: id, reason, seconds, calls };
    try {
      await this.services.audit.event({
        event,
        severity: 'LOW',
        result: 'allowed',
        door,
        ip: address,
        ...(principal && { principal }),
        notes,
      });
    } catch (error) {
      // The journal says itself that it is down; nobody waits for an answer.
      logger.debug(error);
    }
  }
}
