import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['gatehouse-source'] },
  ssr: { resolve: { conditions: ['gatehouse-source'] } },
  test: {
    include: ['libs/**/*.spec.ts', 'apps/**/*.spec.ts', 'test/**/*.spec.ts'],
    globalSetup: ['test/setup/build.ts', 'libs/testing/src/postgresql/postgresql.setup.ts'],
    setupFiles: ['reflect-metadata'],
    // Most specs wait for servers, disks and clocks: one worker, Vitest's default on two cores, leaves a core idle.
    maxWorkers: 2,
    // Only what hangs is to be stopped: a page of runbooks starts a dozen programs.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    // What a spec waits for comes at once, on a machine that has nothing else to do.
    expect: { poll: { timeout: 20_000, interval: 20 } },
  },
});
