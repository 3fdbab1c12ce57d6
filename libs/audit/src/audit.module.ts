import { join } from 'node:path';
import { Logger, Module } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { Database, DataFolder } from '#persistence';
import { auditConfig } from './audit.config.ts';
import { AuditTrail } from './audit-trail.ts';
import { SigningKey } from './chain/signing-key.ts';
import { Journal } from './journal/journal.ts';
import { JournalFolder } from './journal/journal-folder.ts';
import { openJournal } from './journal/open-journal.ts';
import { AuditIndex } from './search-index/audit-index.ts';
import { AuditRetention } from './retention/audit-retention.ts';
import { RetainedFiles } from './retention/retained-files.ts';
import { RetainedTables } from './retention/retained-tables.ts';
import { AuditSinks } from './sinks/audit-sinks.ts';

type Config = ConfigOf<typeof auditConfig>;

const MIB = 1024 * 1024;
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
    return given ?? (await SigningKey.inFolder(path));
  },
};

const journal = {
  provide: Journal,
  inject: [DataFolder, Database, AuditSinks, SigningKey, auditConfig.KEY],
  useFactory: async (
    { path }: DataFolder,
    database: Database,
    logs: AuditSinks,
    key: SigningKey,
    config: Config,
  ) => {
    return openJournal({
      folder: new JournalFolder(path),
      database: database.engine === 'postgresql' ? database : undefined,
      key,
      segmentBytes: config.segmentMebibytes * MIB,
      onSafe: (lines, kinds) => logs.take(lines, kinds),
      onDamage: (message) => logger.error(`Audit: ${message}. See "gatehouse audit verify"`),
      onFailure: (error) =>
        logger.error(`The audit journal can't be written, so calls are refused: ${String(error)}`),
      onUnsigned: (error) => logger.error(`The end of the audit journal can't be signed: ${String(error)}`),
      onRecovery: ({ refused }) =>
        logger.warn(`The audit journal is written again; ${refused} records were refused`),
    });
  },
};

const index = {
  provide: AuditIndex,
  inject: [DataFolder, Database, Journal],
  useFactory: ({ path }: DataFolder, database: Database, chain: Journal) =>
    new AuditIndex({
      database,
      folder: new JournalFolder(path),
      live: () => ({ last: chain.last, records: chain.status.records }),
      onFailure: (error) => logger.warn(`The index of the audit journal lags: ${String(error)}`),
    }),
};

const retention = {
  provide: AuditRetention,
  inject: [DataFolder, Database, Journal, SigningKey, auditConfig.KEY],
  useFactory: ({ path }: DataFolder, database: Database, chain: Journal, key: SigningKey, config: Config) => {
    const files = new RetainedFiles(new JournalFolder(path), key.public, () => chain.last);
    const stores =
      database.engine === 'postgresql'
        ? { store: new RetainedTables(database, key.public), copy: files }
        : { store: files };
    return new AuditRetention({ days: config.retentionDays, journal: chain, key, database, ...stores });
  },
};

/** The audit trail, and what it is made of. Exports `AuditTrail`, which is to record every settled call. */
@Module({
  providers: [sinks, signingKey, journal, index, retention, AuditTrail],
  exports: [AuditTrail],
})
export class AuditModule {}
