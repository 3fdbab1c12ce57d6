import type { ApiKeysTables } from './api-keys.tables.ts';
import type { AuditTables } from './audit.tables.ts';
import type { ConversationsTables } from './conversations.tables.ts';
import type { SecretsTables } from './secrets.tables.ts';
import type { EncryptionTables } from './encryption.tables.ts';
import type { OAuthTables } from './oauth.tables.ts';
import type { TasksTables } from './tasks.tables.ts';
import type { UsersTables } from './users.tables.ts';

/** Every table, by its name. One file per capability says which columns its tables have. */
export interface Tables
  extends
    ApiKeysTables,
    AuditTables,
    ConversationsTables,
    EncryptionTables,
    SecretsTables,
    OAuthTables,
    TasksTables,
    UsersTables {}
