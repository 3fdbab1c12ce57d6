import { defineConfig, setting } from '#config';

/** For `gatehouse doctor` alone: backups are made by the tools of the database (docs/runbooks/disaster-recovery.md). */
export const backupConfig = defineConfig('backup', {
  folder: setting.optional({
    env: 'BACKUP_DIR',
    description: 'Folder in which backups lie, for `gatehouse doctor` to look at the newest',
    shape: 'a path of a folder',
  }),
  maxAgeHours: setting.integer({
    env: 'BACKUP_MAX_AGE_HOURS',
    description: 'How old the newest backup may be, in hours',
    default: 26,
    min: 1,
    max: 8760,
  }),
});
