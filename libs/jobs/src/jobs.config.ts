import { defineConfig, setting } from '#config';

export const jobsConfig = defineConfig('jobs', {
  leaseSeconds: setting.integer({
    env: 'JOB_LEASE_SECONDS',
    description:
      'How long a process that runs a background job may be silent before the job counts as broken off',
    default: 30,
    min: 10,
    max: 3600,
  }),
});
