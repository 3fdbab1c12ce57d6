import { defineConfig, setting } from '#config';

export const backupConfig = defineConfig('backup', {
  dir: setting.optional({
    env: 'BACKUP_DIR',
    description: 'Folder of the backups of the embedded database; DATA_DIR/backups by default',
    shape: 'a path of a folder',
  }),
  retentionDays: setting.integer({
    env: 'BACKUP_RETENTION_DAYS',
    description: 'How many days a backup is kept; the newest is always kept',
    default: 30,
    min: 1,
    max: 3650,
  }),
});
