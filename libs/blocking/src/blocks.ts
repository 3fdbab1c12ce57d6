import { isIP } from 'node:net';
import { Logger } from '@nestjs/common';
import { networkOf } from '#call';
import type { AuditTrail } from '#audit';
import { GatehouseError, InvalidInput, NotFound } from '#errors';
import type { StateConnection } from '#valkey';
import { AddressList } from './address-list.ts';
import { AttemptRecords } from './attempt-records.ts';
import { BlockFile } from './block-file.ts';
import { subjectOf, type Block, type BlockRules, type OffenceKind } from './block.ts';
import { BlockedNetworks } from './blocked-networks.ts';
import type { BlockingSettings } from './blocking.config.ts';
import { SharedBlocks } from './shared-blocks.ts';
import { MemoryBlockStore } from './store/memory-block-store.ts';
import { RecentCounts } from './store/recent-counts.ts';
import { ValkeyBlockStore } from './store/valkey-block-store.ts';

const SWEEP_MS = 1_000;
/** In the log, between two sweeps. */
const MAX_LINES = 10;
/** A network is vouched for anew when the last time was so long ago. */
const VOUCH_EVERY_MS = 3_600_000;
const MAX_VOUCHED = 50_000;

export interface BlocksOptions {
  settings: BlockingSettings;
  /** Where blocks are kept over a restart. */
  folder: string;
  audit: Pick<AuditTrail, 'event'>;
  /** Of the replicas' state, where there is one. */
  connection?: Pick<StateConnection, 'client' | 'namespace' | 'up'> | undefined;
}

/** An administrator's block. */
export interface BlockOrder {
  /** An IPv4 address, or an IPv6 address, which stands for its /64. */
  address: string;
  /** BLOCK_DURATION unless told. */
  durationMs?: number | undefined;
  /** Id of the principal who wants it, and where he is. */
  by: string;
  from: string;
}

/** Who may not knock: what addresses have done, which of them are blocked for it, and until when. */
export class Blocks {
  readonly networks: BlockedNetworks;
  readonly #settings: BlockingSettings;
  readonly #exempt: AddressList;
  readonly #local: MemoryBlockStore;
  readonly #shared: SharedBlocks | undefined;
  readonly #file: BlockFile;
  readonly #records: AttemptRecords;
  readonly #vouched = new RecentCounts(MAX_VOUCHED);
  readonly #logger = new Logger('Blocking');
  #lines = 0;
  readonly #sweeper = setInterval(() => void this.sweep(), SWEEP_MS).unref();

  constructor({ settings, folder, audit, connection }: BlocksOptions) {
    this.#settings = settings;
    this.#exempt = new AddressList().add(settings.allowList);
    this.#records = new AttemptRecords(audit);
    this.networks = new BlockedNetworks((network) => this.#records.leave(network));
    const rules = rulesOf(settings);
    this.#local = new MemoryBlockStore(rules, { listener: this.#listener() });
    this.#file = new BlockFile(folder, () => this.#local.changes().blocked);
    for (const block of this.#file.load()) this.#local.put(block);
    this.#shared =
      connection &&
      new SharedBlocks({
        store: new ValkeyBlockStore(connection, rules),
        connection,
        local: this.#local,
        onBlock: (block) => this.#announce(block),
      });
  }

  /** How many subjects are blocked. */
  get size(): number {
    return this.#local.size;
  }

  /** Addresses that are never blocked, beside those of BLOCK_ALLOW_LIST: the proxies that everybody comes through. */
  exempt(entries: readonly string[]): void {
    this.#exempt.add(entries);
  }

  isExempt(address: string): boolean {
    return this.#exempt.has(address);
  }

  /** Something that counts against an address, or against one principal there. Blocks when it was one too many. */
  offence(address: string, kind: OffenceKind, principalId?: string): void {
    // What is no address would be all clients whose address is not known.
    if (!this.#settings.autoBlock || isIP(plain(address)) === 0 || this.isExempt(address)) return;
    const subject = subjectOf(address, principalId);
    if (this.#local.find(subject)) return;
    const block = this.#local.offend(subject, kind);
    if (!block) {
      this.#shared?.offend(subject, kind);
      return;
    }
    this.#announce(block);
    this.#shared?.blocked(block);
  }

  /** A key was proven there: whoever shares that address must not be locked out by what others do. */
  vouch(address: string): void {
    const network = networkOf(address);
    const now = Date.now();
    if (this.#vouched.get(network, now) > 0) return;
    this.#vouched.set(network, 1, now + VOUCH_EVERY_MS);
    this.#local.vouch(network);
    this.#shared?.vouch(network);
  }

  /** @throws InvalidInput; GatehouseError CONFLICT for an address that must not be blocked */
  add({ address, durationMs = this.#settings.durationMs, by, from }: BlockOrder): Block {
    const network = networkIn(address);
    if (this.isExempt(address))
      throw conflict('That address is never blocked: BLOCK_ALLOW_LIST or TRUSTED_PROXIES has it');
    if (network === networkOf(from)) throw conflict('That is the address that you call from');
    const since = Date.now();
    const until = since + durationMs;
    const block: Block = { network, kind: 'manual', since, until, strikes: 0, spares: false, by };
    this.#local.put(block);
    this.#announce(block);
    this.#shared?.blocked(block);
    return block;
  }

  /** Ends every block of an address and forgets what led to it. @throws InvalidInput, NotFound */
  lift(address: string): Block[] {
    const network = networkIn(address);
    const blocked = this.networks.find(network);
    const blocks = [...(blocked?.all ? [blocked.all] : []), ...(blocked?.principals.values() ?? [])];
    // What only counts against it so far is forgotten in any case.
    for (const subject of [{ network }, ...blocks]) {
      this.#local.lift(subject);
      this.#shared?.lifted(subject);
    }
    if (blocks.length === 0) throw new NotFound('No such address is blocked');
    return blocks;
  }

  /** The youngest first. */
  list(): Block[] {
    return this.#local.changes().blocked.toSorted((a, b) => b.since - a.since);
  }

  async sweep(): Promise<void> {
    if (this.#lines > MAX_LINES) this.#logger.warn(`BLOCKED ${this.#lines - MAX_LINES} more`);
    this.#lines = 0;
    this.#local.expire();
    await this.#records.write(this.networks, Date.now());
  }

  /** Hears what the other replicas know, and tells them what they do not. */
  async sync(): Promise<void> {
    await this.#shared?.sync();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#records.write(this.networks, Date.now(), 'all');
    await this.#shared?.close();
    await this.#file.close();
  }

  #listener() {
    return {
      began: (block: Block) => {
        this.networks.began(block);
        this.#file.touch();
      },
      ended: (block: Block) => {
        this.networks.ended(block);
        this.#file.touch();
      },
    };
  }

  /** One record and one line, by the replica that blocks. */
  #announce(block: Block): void {
    const { network, principalId, kind, since, until, strikes, spares, by } = block;
    const seconds = Math.round((until - since) / 1000);
    const who = principalId === undefined ? network : `${principalId} at ${network}`;
    this.#log(`BLOCKED ${who} for ${seconds} s (${kind}${strikes > 1 ? `, time ${strikes}` : ''})`);
    const notes = {
      kind,
      seconds,
      strikes,
      until: new Date(until).toISOString(),
      ...(spares && { spares_good_keys: true }),
      ...(principalId !== undefined && { principal: principalId }),
      ...(by !== undefined && { by }),
    };
    void this.#records.announce({ event: 'blocked_connection', severity: 'HIGH', ip: network, notes });
  }

  /** The records are complete; the log is for people, whom a line for each of a thousand addresses does not help. */
  #log(line: string): void {
    this.#lines++;
    if (this.#lines <= MAX_LINES) this.#logger.warn(line);
  }
}

function rulesOf(settings: BlockingSettings): BlockRules {
  const { maxFailedAttempts, maxRefusedCalls, windowMs, durationMs, maxDurationMs } = settings;
  return {
    most: { authentication: maxFailedAttempts, refusal: maxRefusedCalls },
    windowMs,
    durationMs,
    maxDurationMs: Math.max(durationMs, maxDurationMs),
  };
}

function networkIn(address: string): string {
  const bare = address.replace(/\/64$/, '');
  const isNetwork = bare !== address;
  const version = isIP(bare);
  if (version === 6 || (version === 4 && !isNetwork)) return networkOf(bare);
  throw new InvalidInput('There is no such address', [
    { path: '/address', message: 'must be an IPv4 address, an IPv6 address or an IPv6 /64' },
  ]);
}

function plain(address: string): string {
  return address.split('%', 1)[0] ?? '';
}

function conflict(message: string): GatehouseError {
  return new GatehouseError('CONFLICT', message);
}
