import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { mcpConfig } from '../mcp.config.ts';
import { checkDeclared } from '../wire/declared-capabilities.ts';
import { LiveSession } from './live-session.ts';
import { ReplayMemory } from './replay-memory.ts';
import { SessionStore, type SessionState } from './session-store.ts';

const logger = new Logger('Sessions');
const SLOWEST_SWEEP_MS = 30_000;
/** How often a session in use is marked as used, within the time after which it would end. */
const SWEEPS = 4;

/** The sessions of clients of 2025 (MCP 2025-11-25, "Session Management"). */
@Injectable()
export class Sessions implements OnModuleDestroy {
  readonly #live = new Map<string, LiveSession>();
  readonly #memory = new ReplayMemory();
  readonly #sweeper: NodeJS.Timeout;

  constructor(
    private readonly store: SessionStore,
    @Inject(mcpConfig.KEY) { sessionTimeoutMs }: ConfigOf<typeof mcpConfig>,
  ) {
    const everyMs = Math.min(SLOWEST_SWEEP_MS, sessionTimeoutMs / SWEEPS);
    this.#sweeper = setInterval(() => void this.#sweepOrSay(), everyMs).unref();
  }

  /** A new session: its id is 192 random bits, in visible ASCII. Throws INVALID_INPUT for capabilities beyond all measure. */
  async open(
    principal: Principal,
    declared: Pick<SessionState, 'revision' | 'capabilities'>,
  ): Promise<string> {
    checkDeclared(declared.capabilities);
    const id = randomBytes(24).toString('base64url');
    const ended = await this.store.add({ id, principalId: principal.id, subscriptions: [], ...declared });
    if (ended !== undefined) this.#end(ended);
    return id;
  }

  /** Throws SESSION_NOT_FOUND, for one that belongs to another as for one that is not there. */
  find(id: string, principal: Principal): LiveSession | Promise<LiveSession> {
    const state = this.store.find(id);
    return state instanceof Promise
      ? state.then((found) => this.#owned(found, principal))
      : this.#owned(state, principal);
  }

  async change(session: LiveSession, change: Partial<SessionState>): Promise<void> {
    session.state = { ...session.state, ...change };
    await this.store.change(session.state.id, change);
  }

  async close({ state }: LiveSession): Promise<void> {
    await this.store.remove(state.id);
    this.#end(state.id);
  }

  /** Those that this process serves. */
  get live(): Iterable<LiveSession> {
    return this.#live.values();
  }

  async sweep(): Promise<void> {
    for (const [id, session] of this.#live) {
      session.rest();
      if (session.isInUse) await this.store.find(id);
    }
    for (const id of await this.store.expire()) this.#end(id);
  }

  async #sweepOrSay(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      // The next one is soon; a store that is away must not end the process.
      logger.warn(error);
    }
  }

  onModuleDestroy(): void {
    clearInterval(this.#sweeper);
    for (const session of this.#live.values()) session.end();
    this.#live.clear();
  }

  #owned(state: SessionState | undefined, principal: Principal): LiveSession {
    if (state?.principalId !== principal.id) throw new SessionNotFound();
    let session = this.#live.get(state.id);
    if (session) session.state = state;
    else this.#live.set(state.id, (session = new LiveSession(state, this.#memory)));
    return session;
  }

  #end(id: string): void {
    this.#live.get(id)?.end();
    this.#live.delete(id);
  }
}

/** A client that gets this begins anew with initialize. */
export class SessionNotFound extends GatehouseError {
  constructor() {
    super('SESSION_NOT_FOUND', 'There is no such session: initialize anew');
  }
}
