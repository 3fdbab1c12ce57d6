import { ValkeyScript, type Keyspace } from '#valkey';
import { SessionStore, type SessionState } from './session-store.ts';

export interface ValkeySessionStoreOptions {
  readonly connection: Keyspace;
  readonly timeoutMs: number;
  readonly perClient: number;
  /** Of all clients of all replicas together. */
  readonly total: number;
}

/** In microseconds: sessions that are used in one millisecond have an order too. */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]`;

/** KEYS: the session, its client's, all. ARGV: id, prefix of sessions, of clients, milliseconds, two bounds, then fields and values. */
const ADD = `${CLOCK}
local expired = now - ARGV[4] * 1000
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', expired)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', expired)
local ended
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
  ended = redis.call('ZPOPMIN', KEYS[2])[1]
  redis.call('ZREM', KEYS[3], ended)
elseif redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[6]) then
  ended = redis.call('ZPOPMIN', KEYS[3])[1]
  local owner = redis.call('HGET', ARGV[2] .. ended, 'principalId')
  if owner then redis.call('ZREM', ARGV[3] .. cjson.decode(owner), ended) end
end
if ended then redis.call('DEL', ARGV[2] .. ended) end
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
for index = 2, 3 do
  redis.call('ZADD', KEYS[index], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[index], ARGV[4])
end
return ended`;

/** KEYS: the session, all. ARGV: id, prefix of clients, milliseconds. */
const FIND = `${CLOCK}
local fields = redis.call('HGETALL', KEYS[1])
if #fields == 0 then return nil end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local own = ARGV[2] .. cjson.decode(redis.call('HGET', KEYS[1], 'principalId'))
for _, key in ipairs({ own, KEYS[2] }) do
  redis.call('ZADD', key, now, ARGV[1])
  redis.call('PEXPIRE', key, ARGV[3])
end
return fields`;

/** KEYS: the session. ARGV: fields and values. */
const CHANGE = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], unpack(ARGV)) end`;

/** KEYS: the session, all. ARGV: id, prefix of clients. */
const REMOVE = `
redis.call('ZREM', KEYS[2], ARGV[1])
local owner = redis.call('HGET', KEYS[1], 'principalId')
if owner then redis.call('ZREM', ARGV[2] .. cjson.decode(owner), ARGV[1]) end
return redis.call('DEL', KEYS[1])`;

/** The sessions of all replicas: a hash each, of JSON, and for each client, and for all, the sessions by their last use. */
export class ValkeySessionStore extends SessionStore {
  readonly #options: ValkeySessionStoreOptions;
  readonly #add = new ValkeyScript(ADD);
  readonly #find = new ValkeyScript(FIND);
  readonly #change = new ValkeyScript(CHANGE);
  readonly #remove = new ValkeyScript(REMOVE);
  /** Those that were met here, to be asked about. */
  readonly #met = new Set<string>();

  constructor(options: ValkeySessionStoreOptions) {
    super();
    this.#options = options;
  }

  override async add(state: SessionState): Promise<string | undefined> {
    const { timeoutMs, perClient, total } = this.#options;
    const keys = [this.#key(state.id), this.#clients + state.principalId, this.#all];
    const bounds = [timeoutMs, perClient, total];
    const args = [state.id, this.#key(''), this.#clients, ...bounds, ...fieldsOf(state)];
    const ended = (await this.#run(this.#add, keys, args)) as string | null;
    this.#met.add(state.id);
    return ended ?? undefined;
  }

  override async find(id: string): Promise<SessionState | undefined> {
    const args = [id, this.#clients, this.#options.timeoutMs];
    const fields = (await this.#run(this.#find, [this.#key(id), this.#all], args)) as string[] | null;
    if (!fields) return undefined;
    this.#met.add(id);
    return stateOf(fields);
  }

  override async change(id: string, change: Partial<SessionState>): Promise<void> {
    const fields = fieldsOf(change);
    if (fields.length > 0) await this.#run(this.#change, [this.#key(id)], fields);
  }

  override async remove(id: string): Promise<void> {
    await this.#run(this.#remove, [this.#key(id), this.#all], [id, this.#clients]);
    this.#met.delete(id);
  }

  /** Valkey ends them by itself. Which of those that were met here have ended since, on whichever replica. */
  override async expire(): Promise<string[]> {
    const met = [...this.#met];
    const there = await Promise.all(met.map((id) => this.#options.connection.client.exists(this.#key(id))));
    const ended = met.filter((_, index) => there[index] === 0);
    for (const id of ended) this.#met.delete(id);
    return ended;
  }

  #run(script: ValkeyScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return script.run(this.#options.connection.client, keys, args);
  }

  /** In braces, what a cluster places keys by: a session and its client's lie together. */
  #key(id: string): string {
    return `${this.#options.connection.namespace}:{sessions}:id:${id}`;
  }

  get #all(): string {
    return `${this.#options.connection.namespace}:{sessions}:all`;
  }

  get #clients(): string {
    return `${this.#options.connection.namespace}:{sessions}:of:`;
  }
}

/** Each field by itself, so that two changes at once of different fields are both kept. */
function fieldsOf(state: Partial<SessionState>): string[] {
  return Object.entries(state).flatMap(([name, value]) =>
    value === undefined ? [] : [name, JSON.stringify(value)],
  );
}

function stateOf(fields: readonly string[]): SessionState {
  const state: Record<string, unknown> = {};
  for (let index = 0; index < fields.length; index += 2) {
    state[fields[index]!] = JSON.parse(fields[index + 1]!);
  }
  return state as unknown as SessionState;
}
