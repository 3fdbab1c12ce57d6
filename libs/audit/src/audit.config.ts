import { defineConfig, setting, type Setting } from '#config';
import { SigningKey } from './chain/signing-key.ts';

/** A secret that may be of several lines, as PEM is. */
const signingKey: Setting<string | undefined> = {
  ...setting.secret({
    env: 'AUDIT_SIGNING_KEY',
    description:
      'Ed25519 private key that signs the heads of the audit chains; without it one is made in DATA_DIR',
    minLength: 1,
  }),
  shape: 'an Ed25519 private key: PKCS #8 in PEM or base64',
  parse: (raw) => (SigningKey.from(raw) ? raw : undefined),
};

export const auditConfig = defineConfig('audit', {
  durability: setting.oneOf({
    env: 'AUDIT_DURABILITY',
    description: 'strict: an answer waits until its audit record survives a crash; relaxed: it does not wait',
    default: 'strict',
    values: ['strict', 'relaxed'],
  }),
  signingKey,
  segmentMebibytes: setting.integer({
    env: 'AUDIT_SEGMENT_MIB',
    description: 'Size at which the audit journal begins a new file, in MiB; it also does so every day',
    default: 64,
    min: 1,
    max: 4096,
  }),
  retentionDays: setting.integer({
    env: 'AUDIT_RETENTION_DAYS',
    description:
      'How long records of the audit journal are kept, in days; 0 for ever. What is left still verifies',
    default: 365,
    min: 0,
    max: 36_500,
  }),
  logDir: setting.optional({
    env: 'LOG_DIR',
    description: 'Folder of audit.log, mcp_security.jsonl and security/*.log; DATA_DIR/logs by default',
    shape: 'a path of a folder',
  }),
  auditLog: setting.boolean({
    env: 'SUPEREGO_AUDIT_ENABLED',
    description: 'Writes every audit record to LOG_DIR/audit.log too; the journal itself is always kept',
    default: true,
  }),
  securityLog: setting.boolean({
    env: 'SECURITY_AUDIT_LOG',
    description: 'Writes security events to LOG_DIR/mcp_security.jsonl and LOG_DIR/security/*.log too',
    default: true,
  }),
  logFileMebibytes: setting.integer({
    env: 'LOG_FILE_MIB',
    description: 'Size at which a file in LOG_DIR is set aside and a new one begun, in MiB',
    default: 64,
    min: 1,
    max: 4096,
  }),
  logFiles: setting.integer({
    env: 'LOG_FILES',
    description: 'How many files of each kind in LOG_DIR are kept',
    default: 31,
    min: 1,
    max: 1000,
  }),
  logDays: setting.integer({
    env: 'LOG_RETENTION_DAYS',
    description: 'How many days files in LOG_DIR are kept',
    default: 30,
    min: 1,
    max: 3650,
  }),
});
