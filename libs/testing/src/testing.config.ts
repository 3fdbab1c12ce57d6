import { defineConfig, setting } from '#config';

export const testingConfig = defineConfig('testing', {
  postgresUrl: setting.url({
    env: 'TEST_DATABASE_URL',
    description:
      'PostgreSQL for the tests, by a user with a password who may create databases and roles; without it one is started for them',
    protocols: ['postgres:', 'postgresql:'],
  }),
});
