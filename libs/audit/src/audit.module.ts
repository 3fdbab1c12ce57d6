import { join } from 'node:path';
import { Logger, Module } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { Database, DataFolder, persistenceConfig } from '#persistence';
import { Secrets } from '#secrets';
import { auditConfig } from './audit.config.ts';
import { AuditTrail } from './audit-trail.ts';
import { signingKeyIn } from './chain/signing-key-file.ts';
import { SigningKey } from './chain/signing-key.ts';
import { followSigningKey } from './journal/follow-signing-key.ts';
import type { Outage } from './journal/outage.ts';
import { JournalFolder } from './journal/journal-folder.ts';
import { openJournal } from './journal/open-journal.ts';
import { Succession } from './journal/succession.ts';
import { RecentEventsController } from './recent/recent-events.controller.ts';
import { RecentEvents } from './recent/recent-events.ts';
import { AuditIndex } from './search-index/audit-index.ts';
import { AuditRetention } from './retention/audit-retention.ts';
import { RetainedFiles } from './retention/retained-files.ts';
import { RetainedTables } from './retention/retained-tables.ts';
import { AuditSinks } from './sinks/audit-sinks.ts';
import { ChainWatch } from './verify/chain-watch.ts';

type Config = ConfigOf<typeof auditConfig>;

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const logger = new Logger('Audit');

const sinks = {
  provide: AuditSinks,
  inject: [DataFolder, auditConfig.KEY],
  useFactory: ({ path }: DataFolder, config: Config) =>
    new AuditSinks({
      folder: config.logDir ?? join(path, 'logs'),
      all: config.auditLog,
      security: config.securityLog,
      fileBytes: config.logFileMebibytes * MIB,
      files: config.logFiles,
      days: config.logDays,
      onFailure: (error) => logger.error(`Lines are missing from the files in LOG_DIR: ${String(error)}`),
    }),
};

const signingKey = {
  provide: SigningKey,
  inject: [DataFolder, auditConfig.KEY],
  useFactory: async ({ path }: DataFolder, config: Config) => {
    const given = config.signingKey === undefined ? undefined : SigningKey.from(config.signingKey);
    return given ?? (await signingKeyIn(path));
  },
};

const journal = {
  provide: Succession,
  inject: [DataFolder, Database, AuditSinks, SigningKey, auditConfig.KEY, { token: Secrets, optional: true }],
  useFactory: async (
    { path }: DataFolder,
    database: Database,
    logs: AuditSinks,
    key: SigningKey,
    config: Config,
    secrets?: Secrets,
  ) => {
    const options = {
      folder: new JournalFolder(path),
      database: database.engine === 'postgresql' ? database : undefined,
      segmentBytes: config.segmentMebibytes * MIB,
      onSafe: logs.take.bind(logs),
      onDamage: (message: string) => logger.error(`Audit: ${message}. See "gatehouse audit verify"`),
      onFailure: (error: unknown) =>
        logger.error(`The audit journal can't be written, so calls are refused: ${String(error)}`),
      onUnsigned: (error: unknown) =>
        logger.error(`The end of the audit journal can't be signed: ${String(error)}`),
      onRecovery: ({ refused }: Outage) =>
        logger.warn(`The audit journal is written again; ${refused} records were refused`),
    };
    const first = await openJournal({ ...options, key });
    const succession = new Succession(first, key, (next, previous) =>
      openJournal({ ...options, key: next, previous }),
    );
    if (secrets) followSigningKey(succession, config.signingKey, secrets);
    return succession;
  },
};

const index = {
  provide: AuditIndex,
  inject: [DataFolder, Database, Succession],
  useFactory: ({ path }: DataFolder, database: Database, chain: Succession) =>
    new AuditIndex({
      database,
      folder: new JournalFolder(path),
      live: () => ({ ends: chain.ends, records: chain.status.records }),
      onFailure: (error) => logger.warn(`The index of the audit journal lags: ${String(error)}`),
    }),
};

const recent = {
  provide: RecentEvents,
  inject: [Database, AuditIndex],
  useFactory: (database: Database, filled: AuditIndex) => new RecentEvents(database, filled),
};

const retention = {
  provide: AuditRetention,
  inject: [DataFolder, Database, Succession, auditConfig.KEY],
  useFactory: ({ path }: DataFolder, database: Database, chain: Succession, config: Config) => {
    const files = new RetainedFiles(new JournalFolder(path), () => chain.ends);
    const stores =
      database.engine === 'postgresql'
        ? { store: new RetainedTables(database), copy: files }
        : { store: files };
    return new AuditRetention({
      days: config.retentionDays,
      journal: chain,
      signing: chain,
      database,
      ...stores,
    });
  },
};

const watch = {
  provide: ChainWatch,
  inject: [AuditTrail, DataFolder, Database, auditConfig.KEY, persistenceConfig.KEY],
  useFactory: (
    trail: AuditTrail,
    { path }: DataFolder,
    database: Database,
    { verifyHours }: Config,
    { url }: ConfigOf<typeof persistenceConfig>,
  ) => new ChainWatch({ trail, database, place: { dataDir: path, url }, everyMs: verifyHours * HOUR_MS }),
};

/** The audit trail, and what it is made of. Exports `AuditTrail`, which is to record every settled call, and what verifies it. */
@Module({
  controllers: [RecentEventsController],
  providers: [sinks, signingKey, journal, index, recent, retention, AuditTrail, watch],
  exports: [AuditTrail, ChainWatch],
})
export class AuditModule {}
