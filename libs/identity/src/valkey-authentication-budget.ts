import { hash } from 'node:crypto';
import { networkOf } from '#call';
import type { ConfigOf } from '#config';
import { ValkeyScript, type Keyspace } from '#valkey';
import { AuthenticationBudget, type Exhaustion } from './authentication-budget.ts';
import type { identityConfig } from './identity.config.ts';
import type { MemoryAuthenticationBudget } from './memory-authentication-budget.ts';

/** KEYS: what a network has spent. ARGV: limit, window in milliseconds. Answers -1 for a try that was taken, else the milliseconds until the window ends. */
const TAKE = new ValkeyScript(`
local spent = tonumber(redis.call('GET', KEYS[1]) or 0)
if spent >= tonumber(ARGV[1]) then return redis.call('PTTL', KEYS[1]) end
if redis.call('INCR', KEYS[1]) == 1 and redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return -1`);

const REFUND = new ValkeyScript(`
if tonumber(redis.call('GET', KEYS[1]) or 0) > 0 then redis.call('DECR', KEYS[1]) end`);

export interface ValkeyAuthenticationBudgetOptions {
  keyspace: Keyspace;
  /** Counts what this process has seen, and decides while Valkey is away. */
  local: MemoryAuthenticationBudget;
  config: ConfigOf<typeof identityConfig>;
}

/** One budget for all processes, from the first failure of a network until its window ends. */
export class ValkeyAuthenticationBudget extends AuthenticationBudget {
  readonly #keyspace: Keyspace;
  readonly #local: MemoryAuthenticationBudget;
  readonly #limit: number;
  readonly #windowMs: number;

  constructor({ keyspace, local, config }: ValkeyAuthenticationBudgetOptions) {
    super();
    this.#keyspace = keyspace;
    this.#local = local;
    this.#limit = config.maxFailures;
    this.#windowMs = config.failureWindowSeconds * 1000;
  }

  override async take(address: string): Promise<Exhaustion | undefined> {
    const alone = this.#local.take(address);
    if (alone) return alone;
    try {
      const keys = [this.#keyOf(address)];
      const left = Number(await TAKE.run(this.#keyspace.client, keys, [this.#limit, this.#windowMs]));
      if (left < 0) return undefined;
      this.#local.refund(address);
      return { limit: this.#limit, resetAt: Date.now() + left };
    } catch {
      // Valkey is away, which its connection tells. This process alone has allowed it.
      return undefined;
    }
  }

  override refund(address: string): void {
    this.#local.refund(address);
    void REFUND.run(this.#keyspace.client, [this.#keyOf(address)], []).catch(() => undefined);
  }

  #keyOf(address: string): string {
    const digest = hash('sha256', networkOf(address), 'base64url').slice(0, 22);
    return `${this.#keyspace.namespace}:{failures}:${digest}`;
  }
}
