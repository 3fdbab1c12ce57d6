import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../bench/connection.ts';
import type { LoggedCall } from './call-log.ts';
import { now } from './now.ts';
import type { Random } from './random.ts';
import type { Replica } from './replica.ts';
import type { Client, RequestKind } from './requests.ts';

/** An answer that is not there by then never comes. */
const ANSWER_LIMIT_MS = 15_000;
const RETRY_MS = 50;

/** What one caller sends next. */
export interface Ask {
  client: Client;
  /** Whether it has a key, so that limits by client are for it. */
  known: boolean;
  kind: RequestKind;
}

export interface CallerOptions {
  replica: Replica;
  next: () => Ask;
  /** Milliseconds between two requests, on average; the same and its half more at most. */
  pauseMs: number;
  random: Random;
}

/** Callers, each with one kept connection and one request on it at a time, and the log of all that they did. */
export class Load {
  readonly calls: LoggedCall[] = [];
  /** Set by whoever knows: limits are divided now. */
  isDivided = false;
  #isOver = false;
  readonly #callers: Promise<void>[] = [];

  add(options: CallerOptions): void {
    this.#callers.push(this.#call(options));
  }

  /** Resolves when every request has ended. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#callers);
  }

  async #call({ replica, next, pauseMs, random }: CallerOptions): Promise<void> {
    let connection: Connection | undefined;
    await sleep(random.between(0, pauseMs));
    while (!this.#isOver) {
      if (!connection?.isOpen) connection = await this.#open(replica);
      if (!connection) await sleep(RETRY_MS);
      else await this.#exchange(connection, replica, next());
      await sleep(random.between(pauseMs / 2, 1.5 * pauseMs));
    }
    connection?.close();
  }

  /** Undefined while it was killed. To be turned away by one that lives is a call that is lost. */
  async #open(replica: Replica): Promise<Connection | undefined> {
    if (replica.isDown) return undefined;
    const asked = now();
    try {
      return await Connection.open(replica.port);
    } catch {
      const nobody = { client: undefined, address: '', operation: '', status: undefined, id: undefined };
      const excused = replica.excuses(asked);
      this.calls.push({
        ...nobody,
        kind: 'connect',
        replica: replica.index,
        asked,
        ended: now(),
        excused,
        divided: false,
      });
      return undefined;
    }
  }

  async #exchange(connection: Connection, replica: Replica, { client, known, kind }: Ask): Promise<void> {
    const bytes = kind.bytes(client);
    const divided = this.isDivided;
    const asked = now();
    const answer = await inTime(connection.exchange(bytes));
    const ended = now();
    if (!answer || /\r\nconnection: close\r\n/i.test(answer)) connection.close();
    this.calls.push({
      kind: kind.name,
      replica: replica.index,
      client: known ? client.name : undefined,
      address: client.address,
      operation: kind.operation,
      asked,
      ended,
      status: answer === undefined ? undefined : Number(answer.slice(9, 12)),
      id: answer && /\r\nx-correlation-id: *(\S+)\r\n/i.exec(answer)?.[1],
      excused: answer === undefined && (replica.excuses(asked) || !known),
      divided: divided && this.isDivided,
    });
  }
}

/** Undefined where the connection ends, or nothing comes. */
async function inTime(answer: Promise<Buffer>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ANSWER_LIMIT_MS, undefined);
  });
  const whole = await Promise.race([answer.catch(() => undefined), tooLate]);
  clearTimeout(timer);
  return whole?.toString('latin1');
}
