import { Logger } from '@nestjs/common';
import { ConfigError, definedConfigs, readConfig, type Environment, type Setting } from '#config';
import { openStore } from './aws/open-store.ts';
import { PendingAdoption } from './pending-adoption.ts';
import { FileWatch } from './file-watch.ts';
import { unfitAmong } from './fitness.ts';
import { KeptSecrets } from './kept-secrets.ts';
import { OverlaidEnvironment } from './overlaid-environment.ts';
import { isProduction } from './production.config.ts';
import { secretsConfig } from './secrets.config.ts';
import { Secrets, type Adoption, type Rotating, type SecretNews, type SecretState } from './secrets.ts';
import { SettingSecret } from './setting-secret.ts';

/** Renewed when so much of its time is over, so that nobody ever goes by a value that is too old. */
const REFRESH_AHEAD = 0.75;
/** Whoever was refused may ask for a look; a stranger who causes that must not make us flood the store. */
const LOOK_EVERY_MS = 5_000;
/** What its user could not take into use is offered again: a database may be back by then. */
const OFFER_EVERY_MS = 30_000;

type Values = ReturnType<typeof readConfig<typeof secretsConfig>>;

/**
 * The secrets of all settings, kept up to date: files are watched and read again, the store is asked again before what it
 * said grows old. A new value that does not fit its setting is refused, and the one before goes on.
 */
export class LiveSecrets extends Secrets {
  readonly #config: Values;
  readonly #env: OverlaidEnvironment;
  readonly #kept: KeptSecrets | undefined;
  readonly #secrets = new Map<string, SettingSecret>();
  readonly #adoptions: PendingAdoption[] = [];
  readonly #listeners = new Set<(news: SecretNews) => void>();
  readonly #logger = new Logger('Secrets');
  /** Of what it is that they are not fit for production, by their names: told once. */
  readonly #warned = new Map<string, string>();
  #unavailable: string | undefined;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  #timers: NodeJS.Timeout[] = [];
  #retry: NodeJS.Timeout | undefined;
  #files: FileWatch | undefined;
  #closed = false;

  private constructor(config: Values, env: OverlaidEnvironment, kept: KeptSecrets | undefined) {
    super();
    this.#config = config;
    this.#env = env;
    this.#kept = kept;
  }

  /**
   * Looks up in the store what the environment lacks, for all settings of the libs that are loaded.
   * @throws ConfigError when the store is configured and can't be asked, or a setting of this lib is wrong
   */
  static async open(env: Environment): Promise<LiveSecrets> {
    const config = readConfig(secretsConfig, env);
    const store = await openStore(config);
    const kept = store && new KeptSecrets(store);
    const secrets = new LiveSecrets(config, new OverlaidEnvironment(env, secretSettings()), kept);
    const faults = kept ? await secrets.#env.fill(kept, 0) : [];
    if (faults.length === 0) return secrets;
    store?.close();
    throw new ConfigError(faults);
  }

  /** What was given, and under it what the store has: settings are read from this. */
  get env(): Environment {
    return this.#env.now();
  }

  override get unavailable(): string | undefined {
    return this.#unavailable;
  }

  override watch<T>(setting: Setting<T>): Rotating<T> {
    const secret = this.#secretOf(setting);
    secret.isFollowed = true;
    return secret.value as Rotating<T>;
  }

  override adopt<T extends readonly [unknown, ...unknown[]]>({
    settings,
    current,
    adopt,
  }: Adoption<T>): void {
    const secrets = settings.map((setting) => this.#secretOf(setting));
    secrets[0]?.isStill(current);
    for (const secret of secrets) secret.isFollowed = true;
    this.#adoptions.push(new PendingAdoption(secrets, (...values) => adopt(...(values as unknown as T))));
  }

  override guard<T>(setting: Setting<T>, keeps: (next: T) => boolean): void {
    this.#secretOf(setting).guard((next) => keeps(next as T));
  }

  override states(): readonly SecretState[] {
    return [...this.#secrets.values()].flatMap((secret) => {
      const state = secret.state();
      return state ? [state] : [];
    });
  }

  override onNews(listener: (news: SecretNews) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** From now on changes are noticed by themselves. The settings must be good: @throws ConfigError */
  start(): void {
    for (const setting of secretSettings()) this.#secretOf(setting);
    const files = [...this.#secrets.values()].flatMap((secret) => secret.file ?? []);
    if (files.length > 0) {
      this.#files = new FileWatch(files, () => void this.#look(), this.#config.filePollMs);
    }
    if (this.#kept) {
      const everyMs = this.#config.ttlMs * REFRESH_AHEAD;
      this.#timers.push(setInterval(() => void this.#look(everyMs / 2), everyMs).unref());
    }
    void this.#look(); // Something may have changed since the settings were read.
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    clearTimeout(this.#retry);
    this.#files?.close();
    this.#kept?.store.close();
    this.#listeners.clear();
  }

  override async refresh(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS) return this.#looking;
    this.#lookedAt = performance.now();
    await this.#look(0);
  }

  #secretOf(setting: Setting<unknown>): SettingSecret {
    let secret = this.#secrets.get(setting.env);
    if (!secret) this.#secrets.set(setting.env, (secret = new SettingSecret(setting, this.#env)));
    return secret;
  }

  /** One look at a time. `storeAgeMs`: how old an answer of the store may be; without it, the store is not asked. */
  async #look(storeAgeMs?: number): Promise<void> {
    while (this.#looking) await this.#looking;
    this.#looking = this.#lookNow(storeAgeMs).finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  async #lookNow(storeAgeMs: number | undefined): Promise<void> {
    if (this.#kept && storeAgeMs !== undefined) {
      await this.#env.fill(this.#kept, storeAgeMs);
      if (this.#closed) return;
      this.#noteStore([...this.#kept.failures].map(([name, { message }]) => `${name}: ${message}`));
    }
    const secrets = [...this.#secrets.values()];
    const known = secrets.filter((secret) => !secret.isOffered);
    for (const secret of known) secret.look();
    this.#weigh(secrets);
    for (const secret of known) secret.leaveToAStart();
    // Not waited for: whoever takes a secret into use may need what another one opens.
    for (const adoption of this.#adoptions) void this.#offer(adoption);
    const changed = known.filter((secret) => !secret.isOffered && this.#renewed(secret));
    for (const secret of changed) this.#spread(secret);
  }

  async #offer(adoption: PendingAdoption): Promise<void> {
    const outcome = await adoption.offer();
    if (outcome === undefined || this.#closed) return;
    const changed = adoption.secrets.filter((secret) => this.#renewed(secret));
    for (const secret of changed) this.#spread(secret);
    if (outcome === 'refused') this.#lookLater();
    if (adoption.isOutdated) void this.#look();
  }

  #lookLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#look(), OFFER_EVERY_MS).unref();
  }

  /** By the terms of a start: production refuses what is weak or that of another one, elsewhere there is a warning. */
  #weigh(secrets: readonly SettingSecret[]): void {
    const production = isProduction(this.#env.now());
    const unfit = unfitAmong(secrets);
    for (const secret of secrets) {
      const reason = unfit.get(secret.name);
      if (reason === undefined || secret.isOffered) continue;
      if (production) secret.refuse(reason);
      else if (secret.isFollowed && this.#warned.get(secret.name) !== reason) {
        this.#warned.set(secret.name, reason);
        this.#logger.warn(`${secret.name} is not fit for production: ${reason}`);
      }
    }
  }

  #spread({ name, value }: SettingSecret): void {
    try {
      value.tell();
    } catch (error) {
      this.#logger.error(
        `${name} has changed, and a part of the program can't follow: ${(error as Error).message}`,
      );
    }
  }

  #renewed(secret: SettingSecret): boolean {
    const { name } = secret;
    const outcome = secret.settle();
    if (outcome.changed) {
      this.#logger.log(`${name} has changed (${outcome.source}): the new value is used from now on`);
      this.#tell({ event: 'secret_rotated', name, source: outcome.source });
    } else if (outcome.refused !== undefined) {
      this.#logger.warn(`${name} has changed, and is not used: ${outcome.refused}. The value before goes on`);
      this.#tell({ event: 'secret_refused', name, reason: outcome.refused });
    }
    return outcome.changed;
  }

  #noteStore(failures: readonly string[]): void {
    const reason = failures[0];
    const before = this.#unavailable;
    this.#unavailable =
      reason && (failures.length === 1 ? reason : `${reason}, and ${failures.length - 1} more`);
    if (this.#unavailable !== undefined && before === undefined) {
      this.#logger.warn(`AWS Secrets Manager: ${this.#unavailable}. What it said before goes on`);
      this.#tell({ event: 'secrets_unavailable', reason: this.#unavailable });
    } else if (this.#unavailable === undefined && before !== undefined) {
      this.#logger.log('AWS Secrets Manager answers again');
      this.#tell({ event: 'secrets_available' });
    }
  }

  #tell(news: SecretNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}

function secretSettings(): Setting<unknown>[] {
  return definedConfigs()
    .flatMap(({ settings }) => Object.values(settings))
    .filter(({ secret }) => secret);
}
