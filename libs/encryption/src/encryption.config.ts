import { defineConfig, setting } from '#config';

export const encryptionConfig = defineConfig('encryption', {
  encryptAtRest: setting.boolean({
    env: 'ENCRYPT_AT_REST',
    description:
      'Seals the texts of conversations and tasks in the database, those that are there already too; the same on all replicas',
    default: false,
  }),
  key: setting.key({
    env: 'ENCRYPTION_KEY',
    description:
      'Seals what is secret in the database, the same on all replicas; made at the first start when absent, which ENCRYPT_AT_REST refuses with DATABASE_URL',
  }),
  previousKeys: setting.keys({
    env: 'ENCRYPTION_PREVIOUS_KEYS',
    description: 'Keys before ENCRYPTION_KEY: still open what they have sealed, until all is sealed anew',
  }),
});
