import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ValkeyScript, type ValkeyConnection } from '#valkey';
import type { KeyNames } from '../key-names.ts';

/** A tag that every entry has. */
export const EVERYTHING = '*';

/** Longer than any entry lives. One that ends early, or is evicted, voids its entries: never the other way round. */
const GENERATION_MS = 2 * 86_400_000;
const MOST_REMEMBERED = 10_000;

const READ_OR_BEGIN = new ValkeyScript(`
local found = {}
for i, key in ipairs(KEYS) do
  found[i] = redis.call('GET', key)
  if not found[i] then
    found[i] = ARGV[2] .. i
    redis.call('SET', key, found[i], 'PX', ARGV[1])
  end
end
return found`);

/** Nothing is written but a deletion, which a server that is full allows too. */
const END = new ValkeyScript(`
redis.call('DEL', unpack(KEYS))
return redis.call('PUBLISH', ARGV[1], ARGV[2])`);

export interface SharedGenerations {
  client: ValkeyConnection['client'];
  names: KeyNames;
  /** Whether Valkey is to be asked. */
  reachable: () => boolean;
  /** Whether each change is heard of. */
  hears: () => boolean;
}

/**
 * Each tag has a generation, a text that is never used twice. An entry holds those of its tags at the time when its
 * computation began, and counts under no others. So what is computed while a tag is invalidated is void from the start,
 * whenever and by whomever it is stored, and no clocks are compared.
 */
export class Generations {
  readonly #shared: SharedGenerations | undefined;
  /** As Valkey has them. */
  readonly #known = new LRUCache<string, string>({ max: MOST_REMEMBERED });
  /** Begun here, while Valkey could not be asked. */
  readonly #own = new LRUCache<string, string>({ max: MOST_REMEMBERED });
  #forgotten = 0;
  /** Of this process alone: no other may take them for its own. */
  readonly #mark = `~${unique()}`;
  #begun = 0;

  constructor(shared?: SharedGenerations) {
    this.#shared = shared;
  }

  /** The generation of these tags together; undefined where Valkey has to be asked. */
  now(tags: readonly string[]): string | undefined {
    const shared = this.#shared;
    if (!shared?.reachable()) return this.alone(tags);
    const everything = this.#known.get(EVERYTHING);
    if (everything === undefined || !shared.hears()) return undefined;
    let generation = everything;
    for (const tag of tags) {
      const known = this.#known.get(tag);
      if (known === undefined) return undefined;
      generation += `.${known}`;
    }
    return generation;
  }

  /** What is known here, or begun here, where Valkey can't be asked. */
  alone(tags: readonly string[]): string {
    let generation = this.#knownOrBegun(EVERYTHING);
    for (const tag of tags) generation += `.${this.#knownOrBegun(tag)}`;
    return generation;
  }

  /** The same, asked of Valkey. Rejects where it does not answer. */
  async ask(tags: readonly string[]): Promise<string> {
    const { client, names } = this.#shared!;
    const all = [EVERYTHING, ...tags];
    const before = this.#forgotten;
    const keys = all.map((tag) => names.generation(tag));
    const found = (await READ_OR_BEGIN.run(client, keys, [GENERATION_MS, unique()])) as string[];
    // What was heard meanwhile may be younger than this answer.
    if (before === this.#forgotten) all.forEach((tag, index) => this.#remember(tag, found[index]!));
    return found.join('.');
  }

  /** Ends the generations of some tags here; in Valkey, and so everywhere, once `share` is done. */
  end(tags: readonly string[]): void {
    this.forget(tags);
    for (const tag of tags) this.#begin(tag);
  }

  /** Rejects where Valkey does not answer: then `end` holds here alone. */
  async share(tags: readonly string[], news: string): Promise<void> {
    const { client, names } = this.#shared!;
    const keys = tags.map((tag) => names.generation(tag));
    await END.run(client, keys, [names.news, news]);
    this.forget(tags);
  }

  /** Somebody has ended these. */
  forget(tags: readonly string[]): void {
    this.#forgotten++;
    for (const tag of tags) {
      this.#known.delete(tag);
      this.#own.delete(tag);
    }
  }

  forgetAll(): void {
    this.#forgotten++;
    this.#known.clear();
    this.#own.clear();
  }

  #remember(tag: string, generation: string): void {
    this.#own.delete(tag);
    this.#known.set(tag, generation);
  }

  #knownOrBegun(tag: string): string {
    return this.#own.get(tag) ?? this.#known.get(tag) ?? this.#begin(tag);
  }

  #begin(tag: string): string {
    const generation = `${this.#mark}${++this.#begun}`;
    this.#own.set(tag, generation);
    return generation;
  }
}

function unique(): string {
  return randomBytes(12).toString('base64url');
}
