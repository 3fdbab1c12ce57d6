import type { Environment, Setting } from '#config';
import { entryOf, type SecretEntry } from './secret-entries.ts';
import type { KeptSecrets } from './kept-secrets.ts';
import type { SecretVersion } from './secret-store.ts';

/** The environment as it was given, and under it what the secret store has of the settings that it lacks. */
export class OverlaidEnvironment {
  readonly #given: Environment;
  readonly #lacking: ReadonlyMap<string, SecretEntry>;
  readonly #found = new Map<string, SecretVersion>();

  constructor(given: Environment, settings: readonly Setting<unknown>[]) {
    this.#given = given;
    const lacks = new Set(settings.filter((setting) => !isGiven(given, setting)).map(({ env }) => env));
    this.#lacking = new Map(
      [...lacks].flatMap((name) => {
        const entry = entryOf(name);
        // Of a secret that is given here, the store's versions are another story.
        return entry && (entry.successor === undefined || lacks.has(entry.successor)) ? [[name, entry]] : [];
      }),
    );
  }

  now(): Environment {
    const found = [...this.#found].map(([name, { text }]) => [name, text] as const);
    return { ...this.#given, ...Object.fromEntries(found) }; // An empty variable counts as absent.
  }

  /** The file that a variable of this setting names, if one does. */
  fileOf({ env, aliases }: Setting<unknown>): string | undefined {
    return [env, ...aliases].map((name) => this.#given[`${name}_FILE`]).find(Boolean);
  }

  /** What the store has of a setting. */
  versionOf({ env }: Setting<unknown>): SecretVersion | undefined {
    return this.#found.get(env);
  }

  /** Asks the store for all that is lacking. Answers what could not be had, in words for the operator. */
  async fill(kept: KeptSecrets, maxAgeMs: number): Promise<string[]> {
    // The former version last: a rotation in between then shows one version twice, and not one too few.
    const current = await this.#fill('AWSCURRENT', kept, maxAgeMs);
    if (current.length > 0) return current; // A start that fails need not take twice as long.
    return [...current, ...(await this.#fill('AWSPREVIOUS', kept, maxAgeMs))];
  }

  async #fill(stage: SecretEntry['stage'], kept: KeptSecrets, maxAgeMs: number): Promise<string[]> {
    const entries = [...this.#lacking].filter(([, entry]) => entry.stage === stage);
    const faults = await Promise.all(
      entries.map(async ([name, entry]) => {
        try {
          const version = await kept.get(entry, maxAgeMs);
          if (version) this.#found.set(name, version);
          return undefined;
        } catch (error) {
          return `${name}: AWS Secrets Manager, ${kept.store.idOf(entry.entry)}: ${(error as Error).message}`;
        }
      }),
    );
    return faults.filter((fault) => fault !== undefined);
  }
}

function isGiven(env: Environment, { env: name, aliases }: Setting<unknown>): boolean {
  return [name, ...aliases].some((one) => env[one] || env[`${one}_FILE`]);
}
