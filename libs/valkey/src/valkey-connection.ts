import { Logger } from '@nestjs/common';
import { GuardedRedis, reasonOf, type GuardedRedisOptions } from './guarded-redis.ts';
import type { Credentials } from './server-address.ts';
import { healthOf, parseInfo, type ValkeyHealth } from './server-info.ts';
import { ValkeyUnavailable } from './valkey-unavailable.ts';

const AUTHENTICATION = /^(WRONGPASS|NOAUTH|NOPERM)\b|invalid password/;

/** Whether that is what a server says to a password that is wrong, or missing. */
export function isAuthenticationFailure(reason: string): boolean {
  return AUTHENTICATION.test(reason);
}

/** A server went away, or came back. */
export interface Turn {
  readonly up: boolean;
  /** Why it is away, or was. */
  readonly reason: string | undefined;
  /** How long the state before it lasted. */
  readonly afterMs: number;
}

export interface ValkeyConnectionOptions extends Omit<GuardedRedisOptions, 'connectionName'> {
  /** What it is for: `cache` or `state`. */
  name: string;
  namespace: string;
  /** Called when the server refuses our password: there may be a new one. */
  onRefused?: () => void;
}

/**
 * One connection to one server, kept up in the background. While it is down every command fails at once with
 * ValkeyUnavailable; whoever uses it goes on without, and hears of both turns.
 */
export class ValkeyConnection {
  readonly name: string;
  /** What every key begins with. */
  readonly namespace: string;
  /** The commands. */
  readonly client: GuardedRedis;
  #options: ValkeyConnectionOptions;
  readonly #logger = new Logger('Valkey');
  readonly #listeners = new Set<(turn: Turn) => void>();
  #subscriber: GuardedRedis | undefined;
  #state: 'new' | 'up' | 'down' = 'new';
  #since = performance.now();
  #toldOfAuthentication = false;

  constructor(options: ValkeyConnectionOptions) {
    this.#options = options;
    this.name = options.name;
    this.namespace = options.namespace;
    this.client = new GuardedRedis({ ...options, connectionName: `${options.namespace}:${options.name}` });
    this.client.on('ready', () => this.#cameUp());
    this.client.on('error', (error) => this.#wentDown(reasonOf(error)));
    this.client.on('close', () => this.#wentDown('the server closed the connection'));
  }

  /** Whether a command would be sent. */
  get up(): boolean {
    return this.client.status === 'ready';
  }

  /** Whoever listens is told of each turn from now on. The answer ends that. */
  onTurn(listener: (turn: Turn) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begins to connect. Resolves when it is up, or when the first attempt has failed; never rejects. */
  async open(): Promise<void> {
    const { promise: tired, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#options.connectTimeoutMs);
    await Promise.race([this.client.connect().catch(() => undefined), tired]);
    clearTimeout(timer);
    if (!this.up) this.#wentDown(this.client.refusal.reason);
  }

  close(): void {
    this.#listeners.clear();
    this.client.removeAllListeners('close').disconnect();
    this.#subscriber?.disconnect();
  }

  /** A connection that listens to channels; made when it is first asked for. It subscribes anew after each outage. */
  subscriber(): GuardedRedis {
    if (!this.#subscriber) {
      this.#subscriber = new GuardedRedis({
        ...this.#options,
        connectionName: `${this.namespace}:${this.name}:subscriber`,
      });
      void this.#subscriber.connect().catch(() => undefined);
    }
    return this.#subscriber;
  }

  /** Hears what is said on a channel from now on; what is said during an outage is lost. */
  hear(channel: string, listener: (message: string) => void): void {
    const subscriber = this.subscriber();
    const subscribe = () => void subscriber.subscribe(channel).catch(() => undefined);
    // A command of now would fail where the connection is not up yet, and one that fails is made again with the next.
    subscriber.on('ready', subscribe);
    if (subscriber.status === 'ready') subscribe();
    subscriber.on('message', (from, message) => {
      if (from === channel) listener(message);
    });
  }

  /**
   * Another password or user, without an outage: the connection that is up stays so. Answers why they are not in use, where the
   * server does not take them yet; they are tried again when those of now are refused. Never rejects.
   */
  async useCredentials({ username, password }: Credentials): Promise<string | undefined> {
    const next = { username, password };
    try {
      await this.client.useCredentials(next);
    } catch (error) {
      this.#subscriber?.alsoTry(next);
      const reason = reasonOf(error as Error);
      return this.up
        ? `Valkey (${this.name}) does not take it: ${reason}`
        : `Valkey (${this.name}) is away: ${reason}`;
    }
    this.#subscriber?.turnTo(next); // One that subscribes may not authenticate anew.
    this.#options = { ...this.#options, address: { ...this.#options.address, ...next } };
    return undefined;
  }

  /** Never rejects. */
  async health(): Promise<ValkeyHealth> {
    try {
      const begun = performance.now();
      await this.client.ping();
      const latencyMs = performance.now() - begun;
      return healthOf(parseInfo(await this.client.info()), latencyMs);
    } catch (error) {
      return { status: 'down', reason: reasonOf(error as Error) };
    }
  }

  #cameUp(): void {
    if (this.#state === 'down') {
      this.#logger.log(`Valkey (${this.name}) is back after ${this.#seconds} s`);
    }
    this.#toldOfAuthentication = false;
    this.#turn('up', undefined);
    if (this.name === 'state') void this.#checkEviction();
  }

  #wentDown(reason: string): void {
    const refused = isAuthenticationFailure(reason);
    if (refused) this.#options.onRefused?.();
    if (refused && !this.#toldOfAuthentication) {
      this.#toldOfAuthentication = true;
      this.#logger.warn(`Valkey authentication failed: ${reason} (${this.name}); going on without it`);
    }
    if (this.#state === 'down') return;
    if (!refused) this.#logger.warn(`Valkey (${this.name}) is away: ${reason}; going on without it`);
    this.#turn('down', reason);
  }

  #turn(state: 'up' | 'down', reason: string | undefined): void {
    const afterMs = performance.now() - this.#since;
    this.#state = state;
    this.#since = performance.now();
    for (const listener of this.#listeners) listener({ up: state === 'up', reason, afterMs });
  }

  get #seconds(): number {
    return Math.round((performance.now() - this.#since) / 100) / 10;
  }

  /** Only noeviction is safe: all that is kept here has a TTL, so that the volatile policies would evict it too. */
  async #checkEviction(): Promise<void> {
    try {
      const policy = parseInfo(await this.client.info('memory')).get('maxmemory_policy');
      if (policy === undefined || policy === 'noeviction') return;
      this.#logger.warn(
        `The server of Valkey (state) may evict limits, blocks and sessions: its maxmemory-policy is ${policy}. ` +
          'Set it to noeviction, or give the state a server of its own with VALKEY_STATE_URL',
      );
    } catch (error) {
      if (!(error instanceof ValkeyUnavailable))
        this.#logger.debug(`No INFO memory: ${reasonOf(error as Error)}`);
    }
  }
}

/** What an adapter needs: the commands, and what its keys begin with. */
export type Keyspace = Pick<ValkeyConnection, 'client' | 'namespace'>;

/** For what may be lost and made again. */
export class CacheConnection extends ValkeyConnection {}

/** For what must not be lost while it counts: limits, blocks, nonces, sessions, revocations. */
export class StateConnection extends ValkeyConnection {}
