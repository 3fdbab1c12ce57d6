import { randomUUID } from 'node:crypto';
import { ValkeyScript, type ValkeyConnection } from '#valkey';

/** A process that was not heard of for so long is gone. */
const GONE_AFTER_MS = 10_000;
const BEAT_MS = 2_000;
/** The count falls when so many beats agree: after an outage the first to come back would believe itself alone. */
const AGREEING_BEATS = 3;

/** KEYS: the processes, by when they were last heard of. ARGV: this one, milliseconds. */
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

/** How many processes there are, as far as Valkey could last tell. */
export class Replicas {
  readonly #connection: ValkeyConnection;
  readonly #id = randomUUID();
  readonly #beat = new ValkeyScript(BEAT);
  readonly #timer: NodeJS.Timeout;
  readonly #unlisten: () => void;
  readonly #seen: number[] = [];
  readonly #assumed: number;

  /** `assumed` holds until Valkey has told. */
  constructor(connection: ValkeyConnection, assumed: number) {
    this.#connection = connection;
    this.#assumed = assumed;
    this.#timer = setInterval(() => void this.#tell(), BEAT_MS).unref();
    this.#unlisten = connection.onTurn(({ up }) => void (up && this.#tell()));
    void this.#tell();
  }

  get count(): number {
    return this.#seen.length === 0 ? this.#assumed : Math.max(...this.#seen);
  }

  /** Says goodbye, so that the others need not wait to find out. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#unlisten();
    if (this.#connection.up) await this.#connection.client.zrem(this.#key, this.#id).catch(() => undefined);
  }

  get #key(): string {
    return `${this.#connection.namespace}:{limits}:replicas`;
  }

  async #tell(): Promise<void> {
    if (!this.#connection.up) return;
    try {
      const seen = await this.#beat.run(this.#connection.client, [this.#key], [this.#id, GONE_AFTER_MS]);
      this.#seen.push(Number(seen));
      if (this.#seen.length > AGREEING_BEATS) this.#seen.shift();
    } catch {
      // Valkey is on its way out, or refuses to write: what was seen last still holds.
    }
  }
}
