import { randomUUID } from 'node:crypto';
import { ValkeyScript, type StateConnection } from '#valkey';

export interface Levels {
  strangers: number;
  everyone: number;
}

/** A replica that was not heard of for so long does not count. */
const GONE_AFTER_MS = 5_000;

/** KEYS: the replicas' levels. ARGV: this one, its two levels, milliseconds. Answers the highest of each. */
const EXCHANGE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %d %d', now, ARGV[2], ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local all = redis.call('HGETALL', KEYS[1])
local strangers, everyone = 0, 0
for index = 1, #all, 2 do
  local at, first, second = string.match(all[index + 1], '(%d+) (%d+) (%d+)')
  if now - at > tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], all[index])
  else
    strangers = math.max(strangers, first)
    everyone = math.max(everyone, second)
  end
end
return { strangers, everyone }`;

/** The levels of all replicas, which count together and so must have the same limits: the highest holds. */
export class SharedLevels {
  readonly #id = randomUUID();
  readonly #exchange = new ValkeyScript(EXCHANGE);

  constructor(private readonly connection: Pick<StateConnection, 'client' | 'namespace' | 'up'>) {}

  /** Ours where nobody can be asked. */
  async exchange(own: Levels): Promise<Levels> {
    if (!this.connection.up) return own;
    const key = `${this.connection.namespace}:{adaptive}:levels`;
    const args = [this.#id, own.strangers, own.everyone, GONE_AFTER_MS];
    try {
      const [strangers, everyone] = (await this.#exchange.run(this.connection.client, [key], args)) as [
        number,
        number,
      ];
      return { strangers, everyone };
    } catch {
      return own;
    }
  }
}
