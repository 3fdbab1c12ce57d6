import type { Check } from './check.ts';
import { auditCheck } from './checks/audit.check.ts';
import { authenticationCheck } from './checks/authentication.check.ts';
import { backupsCheck } from './checks/backups.check.ts';
import { clockCheck } from './checks/clock.check.ts';
import { connectionsCheck } from './checks/connections.check.ts';
import { corsCheck } from './checks/cors.check.ts';
import { databaseCheck } from './checks/database.check.ts';
import { diskCheck } from './checks/disk.check.ts';
import { filesCheck } from './checks/files.check.ts';
import { gatewayCheck } from './checks/gateway.check.ts';
import { limitsCheck } from './checks/limits.check.ts';
import { proxiesCheck } from './checks/proxies.check.ts';
import { secretsCheck } from './checks/secrets.check.ts';
import { settingsCheck } from './checks/settings.check.ts';
import { tlsCheck } from './checks/tls.check.ts';
import { userCheck } from './checks/user.check.ts';
import { valkeyCheck } from './checks/valkey.check.ts';
import { versionsCheck } from './checks/versions.check.ts';

/** The checklist for production, in the order in which one would go through it. */
export const checks: readonly Check[] = [
  settingsCheck,
  gatewayCheck,
  versionsCheck,
  userCheck,
  filesCheck,
  secretsCheck,
  tlsCheck,
  corsCheck,
  proxiesCheck,
  authenticationCheck,
  limitsCheck,
  connectionsCheck,
  databaseCheck,
  valkeyCheck,
  clockCheck,
  diskCheck,
  auditCheck,
  backupsCheck,
];
