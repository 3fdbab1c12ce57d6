import { randomBytes } from 'node:crypto';
import { ValkeyScript, type ValkeyConnection } from '#valkey';
import type { KeyNames } from '../key-names.ts';

/** A token is so many characters; the generation follows it. */
const TOKEN_LENGTH = 22;

/**
 * 1 and a lease, unless another holds one of the same generation. One of another generation is taken over: what comes of it
 * is void. The second number says whether an entry lies there.
 */
const ACQUIRE = new ValkeyScript(`
local held = redis.call('GET', KEYS[2])
if held and string.sub(held, ${TOKEN_LENGTH + 1}) == ARGV[2] then return {0, 0} end
redis.call('SET', KEYS[2], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return {1, redis.call('EXISTS', KEYS[1])}`);

const RENEW = new ValkeyScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

const RELEASE = new ValkeyScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

export interface LeaseOptions {
  client: ValkeyConnection['client'];
  names: KeyNames;
  /** How long a lease lasts that nobody renews, in milliseconds. */
  leaseMs: number;
  /** How long one is renewed at most, in milliseconds. */
  maxMs: number;
}

/** The right to compute one key, among all processes. It ends by itself with the process. */
export class Lease {
  readonly valkeyKey: string;
  /** What lies under its key while it is held. */
  readonly value: string;
  /** An entry lay there when it was taken. */
  readonly besideEntry: boolean;
  readonly #options: LeaseOptions;
  readonly #renewal: NodeJS.Timeout;
  readonly #end: () => void;
  #stored: boolean | undefined;

  constructor(
    at: { key: string; value: string; besideEntry: boolean },
    options: LeaseOptions,
    end: () => void,
  ) {
    this.valkeyKey = at.key;
    this.value = at.value;
    this.besideEntry = at.besideEntry;
    this.#options = options;
    this.#end = end;
    const until = performance.now() + options.maxMs;
    this.#renewal = setInterval(() => {
      if (performance.now() < until) this.#renew();
      else clearInterval(this.#renewal);
    }, options.leaseMs / 3).unref();
  }

  /** The value was stored, which has ended the lease, or it was not, since the lease had been lost. */
  storedAs(stored: boolean): void {
    this.#stored = stored;
  }

  /** Whether it was lost before its value could be stored. */
  get lost(): boolean {
    return this.#stored === false;
  }

  async release(): Promise<void> {
    clearInterval(this.#renewal);
    this.#end();
    if (this.#stored !== undefined) return;
    const { client } = this.#options;
    // Otherwise it ends by itself.
    await RELEASE.run(client, [this.valkeyKey], [this.value]).catch(() => undefined);
  }

  #renew(): void {
    const { client, leaseMs } = this.#options;
    RENEW.run(client, [this.valkeyKey], [this.value, leaseMs]).catch(() => undefined);
  }
}

/** The leases that this process takes and holds. */
export class Leases {
  readonly #options: LeaseOptions;
  readonly #held = new Map<string, Lease>();

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Undefined where another process holds it. Rejects where Valkey does not give one. */
  async acquire(cacheKey: string, generation: string): Promise<Lease | undefined> {
    const { client, names, leaseMs } = this.#options;
    const token = randomBytes(16).toString('base64url');
    const key = names.lease(cacheKey);
    const answer = await ACQUIRE.run(client, [names.entry(cacheKey), key], [token, generation, leaseMs]);
    const [acquired, exists] = answer as [number, number];
    if (acquired !== 1) return undefined;
    const place = placeOf(cacheKey, generation);
    const lease: Lease = new Lease(
      { key, value: token + generation, besideEntry: exists === 1 },
      this.#options,
      () => {
        if (this.#held.get(place) === lease) this.#held.delete(place);
      },
    );
    this.#held.set(place, lease);
    return lease;
  }

  heldFor(cacheKey: string, generation: string): Lease | undefined {
    return this.#held.get(placeOf(cacheKey, generation));
  }
}

function placeOf(cacheKey: string, generation: string): string {
  return `${generation} ${cacheKey}`;
}
