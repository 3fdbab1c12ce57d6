import { isAuthenticationFailure, type CacheConnection } from '#valkey';
import type { CacheCounters } from './cache-figures.ts';
import type { CacheSettings } from './cache.config.ts';
import { Leases } from './flight/leases.ts';
import { Wakeups } from './flight/wakeups.ts';
import { Hearing } from './invalidation/hearing.ts';
import { KeyNames } from './key-names.ts';
import { BusTransport, type News } from './tiers/bus-transport.ts';
import { EntrySeal } from './tiers/entry-seal.ts';
import { ValkeyTier } from './tiers/valkey-tier.ts';

export interface SharedPartOptions {
  connection: CacheConnection;
  /** 32 bytes, the same in all replicas: what seals the entries. */
  sealKey: Buffer;
}

/** What an entry has beside its JSON. */
const HEAD_BYTES = 4_096;

/** All that a cache has to do with Valkey. */
export class SharedPart {
  readonly connection: CacheConnection;
  readonly names: KeyNames;
  readonly hearing: Hearing;
  readonly leases: Leases;
  readonly tier: ValkeyTier;
  readonly bus: BusTransport;
  readonly wakeups = new Wakeups();
  /** Told of what other processes say. */
  onNews: (news: News) => void = () => undefined;

  constructor({ connection, sealKey }: SharedPartOptions, settings: CacheSettings, counters: CacheCounters) {
    const { client } = connection;
    const names = new KeyNames(connection.namespace);
    const { compressOverBytes, maxEntryBytes } = settings;
    const seal = new EntrySeal({ key: sealKey, compressOverBytes, maxBytes: maxEntryBytes + HEAD_BYTES });
    const hearing = new Hearing(connection, names.news);
    const leases = new Leases({ client, names, leaseMs: settings.leaseMs, maxMs: settings.computeMs });
    this.connection = connection;
    this.names = names;
    this.hearing = hearing;
    this.leases = leases;
    this.tier = new ValkeyTier({ client, names, seal, leases, counters });
    this.bus = new BusTransport({ client, names, hearing, onNews: (news) => this.#heard(news) });
    connection.onTurn(({ up, reason = '' }) => {
      if (!up && isAuthenticationFailure(reason)) counters.authenticationFailures++;
    });
    if (!connection.up && isAuthenticationFailure(client.refusal.reason)) counters.authenticationFailures++;
  }

  #heard(news: News): void {
    this.wakeups.wake(news.keys);
    this.onNews(news);
  }
}
