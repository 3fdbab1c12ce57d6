import { randomBytes } from 'node:crypto';
import { ValkeyScript, type Keyspace } from '#valkey';
import {
  nameOf,
  offenceKinds,
  rememberedMs,
  VOUCHED_MS,
  type Block,
  type BlockRules,
  type OffenceKind,
  type Subject,
} from '../block.ts';
import { CHANGES, LIFT, OFFEND, PUT } from './block-scripts.ts';
import { BlockStore, type Changes, type Cursor } from './block-store.ts';

/** Of one answer: what is more comes with the next. */
const PAGE = 1_000;

type Entry = Block & { lifted?: true };

/** Counts and keeps in Valkey, for all replicas. Times are the server's, told in ours. Rejects when it can't be asked. */
export class ValkeyBlockStore extends BlockStore {
  readonly #connection: Keyspace;
  readonly #rules: BlockRules;
  readonly #keys: readonly string[];
  readonly #offend = new ValkeyScript(OFFEND);
  readonly #put = new ValkeyScript(PUT);
  readonly #lift = new ValkeyScript(LIFT);
  readonly #changes = new ValkeyScript(CHANGES);

  constructor(connection: Keyspace, rules: BlockRules) {
    super();
    this.#connection = connection;
    this.#rules = rules;
    this.#keys = ['until', 'about', 'changes', 'meta'].map((name) => this.#key(name));
  }

  override async offend(subject: Subject, kind: OffenceKind, times = 1): Promise<Block | undefined> {
    const { most, windowMs, durationMs, maxDurationMs } = this.#rules;
    const name = nameOf(subject);
    const keys = [
      this.#key(`count:${kind}:${name}`),
      this.#key(`strikes:${name}`),
      this.#key(`vouched:${subject.network}`),
    ];
    const remembered = rememberedMs(this.#rules);
    const numbers = [times, most[kind], windowMs, durationMs, maxDurationMs, remembered];
    const entry = JSON.stringify({ network: subject.network, principalId: subject.principalId, kind });
    return blockIn(await this.#run(this.#offend, keys, [name, ...numbers, entry]));
  }

  override async put(block: Block): Promise<Block | undefined> {
    const now = Date.now();
    const [age, left] = [Math.max(0, now - block.since), block.until - now];
    if (left <= 0) return undefined;
    const name = nameOf(block);
    const args = [name, age, left, rememberedMs(this.#rules), JSON.stringify(block)];
    const keys = [this.#key(`strikes:${name}`), this.#key(`vouched:${block.network}`)];
    return blockIn(await this.#run(this.#put, keys, args));
  }

  override async lift(subject: Subject): Promise<boolean> {
    const name = nameOf(subject);
    const forgiven = [`strikes:${name}`, ...offenceKinds.map((kind) => `count:${kind}:${name}`)];
    const { network, principalId } = subject;
    const args = [name, JSON.stringify({ network, principalId })];
    const keys = forgiven.map((one) => this.#key(one));
    return (await this.#run(this.#lift, keys, args)) === 1;
  }

  override async vouch(network: string): Promise<void> {
    await this.#connection.client.set(this.#key(`vouched:${network}`), 1, 'PX', VOUCHED_MS);
  }

  override async changes(since?: Cursor): Promise<Changes> {
    const entries: Entry[] = [];
    let from = since;
    for (;;) {
      const args = [from?.epoch ?? '', from?.version ?? 0, randomBytes(9).toString('base64url'), PAGE];
      const [now, epoch, version, page] = (await this.#run(this.#changes, [], args)) as Page;
      // It was emptied while we read.
      if (from && from.epoch !== epoch) entries.length = 0;
      from = { epoch, version: Number(version) };
      entries.push(...page.map((text) => entryIn(text, now)));
      if (page.length < PAGE) break;
    }
    const inForce = entries.filter(({ until }) => until > Date.now());
    return {
      fresh: since?.epoch !== from.epoch,
      cursor: from,
      blocked: inForce.filter(({ lifted }) => !lifted),
      lifted: inForce.filter(({ lifted }) => lifted),
    };
  }

  #run(script: ValkeyScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return script.run(this.#connection.client, [...this.#keys, ...keys], args);
  }

  /** In braces, what a cluster places keys by: those of one script lie together. */
  #key(name: string): string {
    return `${this.#connection.namespace}:{blocks}:${name}`;
  }
}

type Page = [now: number, epoch: string, version: string, entries: string[]];

function blockIn(answer: unknown): Block | undefined {
  const [now, entry] = answer as [number, string | undefined];
  return entry === undefined ? undefined : entryIn(entry, now);
}

function entryIn(text: string, serverNow: number): Entry {
  const entry = JSON.parse(text) as Entry;
  const ahead = Date.now() - serverNow;
  return { ...entry, since: entry.since + ahead, until: entry.until + ahead };
}
