import type { Migration } from 'kysely/migration';
import * as apiKeys from './001-api-keys.ts';
import * as audit from './002-audit.ts';
import * as conversations from './003-conversations.ts';
import * as tasks from './004-tasks.ts';
import * as conversationChanges from './005-conversation-changes.ts';
import * as users from './006-users.ts';
import * as oauth from './007-oauth.ts';
import * as encryption from './008-encryption.ts';
import * as retention from './009-retention.ts';
import * as secretSightings from './010-secret-sightings.ts';
import * as enrolment from './011-enrolment.ts';
import * as taskDoors from './012-task-doors.ts';
import * as oauthClients from './013-oauth-clients.ts';

/**
 * All migrations, in the order of their names. Applied ones are never edited: a change is a new migration. There is
 * no way down: a replica of the previous version may still be running beside the new one.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  '001-api-keys': apiKeys,
  '002-audit': audit,
  '003-conversations': conversations,
  '004-tasks': tasks,
  '005-conversation-changes': conversationChanges,
  '006-users': users,
  '007-oauth': oauth,
  '008-encryption': encryption,
  '009-retention': retention,
  '010-secret-sightings': secretSightings,
  '011-enrolment': enrolment,
  '012-task-doors': taskDoors,
  '013-oauth-clients': oauthClients,
};
