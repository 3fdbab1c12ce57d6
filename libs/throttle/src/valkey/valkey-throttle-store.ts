import { hash } from 'node:crypto';
import { ValkeyScript, type Keyspace } from '#valkey';
import type { Limit, LimitClaim, LimitUsage, LimitVerdict } from '../limit.ts';
import { ThrottleStore } from '../throttle-store.ts';
import { limitScripts } from './limit-script.ts';

export interface ValkeyThrottleStoreOptions {
  connection: Keyspace;
  /** For specs: milliseconds, in place of the server's clock. */
  clock?: () => number;
}

/** Subjects whose digest is remembered; one costs about a microsecond. */
const MAX_DIGESTS = 10_000;

/**
 * Counts in Valkey, for all processes together: one round trip and one script a call, on the server's clock. Decides as
 * MemoryThrottleStore does. Rejects whenever the server can't be asked.
 */
export class ValkeyThrottleStore extends ThrottleStore {
  readonly #connection: Keyspace;
  readonly #decide: ValkeyScript;
  readonly #status: ValkeyScript;
  readonly #clock: (() => number) | undefined;
  readonly #prefixes = new WeakMap<Limit, string>();
  readonly #digests = new Map<string, string>();

  constructor({ connection, clock }: ValkeyThrottleStoreOptions) {
    super();
    this.#connection = connection;
    this.#clock = clock;
    const { decide, status } = limitScripts(clock ? 'given' : 'server');
    this.#decide = new ValkeyScript(decide);
    this.#status = new ValkeyScript(status);
  }

  override async decide(claims: readonly LimitClaim[]): Promise<LimitVerdict> {
    const [allowed, tightest, remaining, roomInUs, ...exhausted] = await this.#run(this.#decide, claims);
    return {
      allowed: allowed === 1,
      tightest: tightest!,
      remaining: remaining!,
      roomInMs: roomInUs! / 1000,
      exhausted,
    };
  }

  override async status(claims: readonly LimitClaim[]): Promise<LimitUsage[]> {
    const answer = await this.#run(this.#status, claims);
    return claims.map((_, index) => ({
      used: answer[2 * index]!,
      roomInMs: answer[2 * index + 1]! / 1000,
    }));
  }

  override async reset(claims: readonly LimitClaim[]): Promise<void> {
    if (claims.length > 0) await this.#connection.client.unlink(claims.map((claim) => this.#keyOf(claim)));
  }

  async #run(script: ValkeyScript, claims: readonly LimitClaim[]): Promise<number[]> {
    const keys: string[] = [];
    const args: number[] = [];
    for (const claim of claims) {
      keys.push(this.#keyOf(claim));
      args.push(claim.limit.max, claim.limit.windowMs * 1000);
    }
    if (this.#clock) args.push(Math.round(this.#clock() * 1000));
    return (await script.run(this.#connection.client, keys, args)) as number[];
  }

  /** In braces, what a cluster places keys by: those of one script must lie together. The window: slots of another one differ. */
  #keyOf({ limit, subject }: LimitClaim): string {
    let prefix = this.#prefixes.get(limit);
    if (prefix === undefined) {
      prefix = `${this.#connection.namespace}:{limits}:${limit.id}:${limit.windowMs}:`;
      this.#prefixes.set(limit, prefix);
    }
    return prefix + this.#digestOf(subject);
  }

  /** 128 bits: a key is short whatever a subject is, and no address stands in it. */
  #digestOf(subject: string): string {
    let digest = this.#digests.get(subject);
    if (digest === undefined) {
      if (this.#digests.size >= MAX_DIGESTS) this.#digests.clear();
      digest = hash('sha256', subject, 'base64url').slice(0, 22);
      this.#digests.set(subject, digest);
    }
    return digest;
  }
}
