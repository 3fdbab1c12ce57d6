import { Redis, type Command } from 'ioredis';
import type { Credentials, ServerAddress } from './server-address.ts';
import { ValkeyUnavailable } from './valkey-unavailable.ts';

/** The age of the oldest command is looked at so often within its time. */
const LOOKS = 4;
/** The server is asked for a sign of life, so that its absence is noticed before a call meets it. */
const HEARTBEAT_MS = 1_000;
const FIRST_PAUSE_MS = 50;
/** What a server says to credentials that it does not know. */
const REFUSED = /^(WRONGPASS|NOAUTH)\b|invalid password/;
/** A connection that lasted less begins where the pauses before it ended. */
const STABLE_MS = 5_000;
/** Credentials that are kept beside those in use: what was offered last, and what was in use before. */
const OTHERS = 2;

/** What the client itself sends before a connection is ready. */
const HANDSHAKE: ReadonlySet<string> = new Set(['auth', 'select', 'client', 'info']);

export interface GuardedRedisOptions {
  address: ServerAddress;
  /** As CLIENT LIST shows it. */
  connectionName: string;
  connectTimeoutMs: number;
  commandTimeoutMs: number;
  retryMaxMs: number;
}

type Stream = Parameters<Redis['sendCommand']>[1];

/**
 * A client that never makes its caller wait for a server that is away: the circuit breaker is the connection itself.
 * Closed while the socket is ready. It opens when the socket ends, and is ended by us when the oldest command has waited
 * `commandTimeoutMs`: all that waits fails at once then, and what comes later fails without being sent, for the price
 * of a rejected promise. Half open is the next attempt to connect, made in the background, whose handshake is the probe.
 */
export class GuardedRedis extends Redis {
  readonly #lookEveryMs: number;
  #refusal = new ValkeyUnavailable('not connected yet');
  #corked = false;
  #watching = false;
  #oldest: object | undefined;
  #looks = 0;
  /** What was offered last, and what was in use before. Nobody knows who learns of a new password first, the server or we. */
  #others: readonly Credentials[] = [];
  readonly #heartbeat: NodeJS.Timeout;

  constructor({
    address,
    connectionName,
    connectTimeoutMs,
    commandTimeoutMs,
    retryMaxMs,
  }: GuardedRedisOptions) {
    let pauses = 0;
    let readyAt = Infinity;
    super({
      ...address,
      connectionName,
      connectTimeout: connectTimeoutMs,
      lazyConnect: true,
      enableOfflineQueue: false,
      // A command of which nobody knows what became fails; it is not sent again behind its caller's back.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      keepAlive: 10_000,
      retryStrategy: () => {
        if (performance.now() - readyAt > STABLE_MS) pauses = 0;
        readyAt = Infinity;
        const pause = Math.min(retryMaxMs, FIRST_PAUSE_MS * 2 ** Math.min(pauses++, 20));
        return pause * (0.5 + Math.random() / 2);
      },
    });
    this.#lookEveryMs = commandTimeoutMs / LOOKS;
    this.on('connect', () => this.#begin());
    this.on('ready', () => (readyAt = performance.now()));
    this.on('error', (error) => {
      this.#refusal = new ValkeyUnavailable(reasonOf(error));
      if (REFUSED.test(error.message)) this.#tryOthers();
    });
    this.#heartbeat = setInterval(() => {
      if (this.status === 'ready') this.ping().catch(() => undefined);
    }, HEARTBEAT_MS).unref();
  }

  /** Why commands are refused, or were when they last were. */
  get refusal(): ValkeyUnavailable {
    return this.#refusal;
  }

  /**
   * Resolves once the server has let the connection in with these, which stays up meanwhile: new ones use them from then on.
   * Rejects when it does not, or is away: the connection goes on by what it was let in with. New ones try these, too, when
   * they are refused.
   */
  async useCredentials({ username, password }: Credentials): Promise<void> {
    const next = { username, password };
    this.alsoTry(next);
    if (this.status !== 'ready') throw this.#refusal;
    if (password !== undefined)
      await (username === undefined ? this.auth(password) : this.auth(username, password));
    this.turnTo(next);
  }

  /** For new connections: these first, and those of before when they are refused. */
  turnTo(next: Credentials): void {
    const before = credentialsIn(this.options);
    Object.assign(this.options, next);
    this.alsoTry(before);
  }

  /** For new connections that are refused. */
  alsoTry(one: Credentials): void {
    const known = [one, ...this.#others].filter((other) => !isSame(other, credentialsIn(this.options)));
    this.#others = known.filter((other, at) => at === 0 || !isSame(other, one)).slice(0, OTHERS);
  }

  #tryOthers(): void {
    const [next, ...rest] = this.#others;
    if (!next) return;
    this.#others = [...rest, credentialsIn(this.options)];
    Object.assign(this.options, next);
  }

  override sendCommand(command: Command, stream?: Stream): unknown {
    if (this.status !== 'ready' && !(this.status === 'connect' && HANDSHAKE.has(command.name))) {
      command.reject(this.#refusal);
      return command.promise;
    }
    if (!this.#corked) this.#cork();
    const promise = super.sendCommand(command, stream);
    if (!this.#watching) this.#watch();
    return promise;
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) clearInterval(this.#heartbeat);
    super.disconnect(reconnect);
    // It would wait for the other end, which may be frozen.
    if (this.stream as typeof this.stream | undefined) this.stream.destroySoon();
  }

  /** What waits when a connection ends fails with the reason, before ioredis speaks of retries. */
  #begin(): void {
    // What the attempt before has met holds until this one has come to something: it may meet the same.
    const before = this.#refusal;
    this.stream.prependOnceListener('close', () => {
      if (this.#refusal === before) this.#refusal = new ValkeyUnavailable('the server closed the connection');
      for (const { command } of this.commandQueue.toArray()) command.reject(this.#refusal);
    });
  }

  /** What one turn of the event loop sends goes in one write: under load that is an eighth of what a call costs. */
  #cork(): void {
    const { stream } = this;
    this.#corked = true;
    stream.cork();
    setImmediate(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  #watch(): void {
    this.#watching = true;
    // Once more round the event loop: if it was we who hung, the answer is already there, and is read first.
    setTimeout(() => setImmediate(() => this.#look()), this.#lookEveryMs).unref();
  }

  #look(): void {
    this.#watching = false;
    const oldest = this.commandQueue.peekFront()?.command;
    if (oldest === undefined) return;
    this.#looks = oldest === this.#oldest ? this.#looks + 1 : 0;
    this.#oldest = oldest;
    if (this.#looks < LOOKS) this.#watch();
    else this.stream.destroy(new Error(`no answer within ${this.#lookEveryMs * LOOKS} ms`));
  }
}

function credentialsIn({ username, password }: Redis['options']): Credentials {
  return { username: username ?? undefined, password: password ?? undefined };
}

function isSame(one: Credentials, other: Credentials): boolean {
  return one.username === other.username && one.password === other.password;
}

/** One line without credentials: neither the server's replies nor the socket's errors hold any. */
export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const text = error.message === '' ? (code ?? error.name) : error.message;
  return text.replace(/^Ready check failed: /, '').slice(0, 200);
}
