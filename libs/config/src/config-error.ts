/** The environment can't be used. It lists every fault at once, so that one restart mends them all. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The settings are not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\n` +
        'README.md, section "Settings", lists them all.',
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}
