import { resolve } from 'node:path';
import pg from 'pg';
import {
  definedConfigs,
  homeConfig,
  readConfig,
  type ConfigOf,
  type Environment,
  type Setting,
} from '#config';
import { persistenceConfig } from '#persistence';
import { LiveSecrets } from '#secrets';
import { serverAddress, ValkeyConnection, valkeyConfig, type ValkeySettings } from '#valkey';
import { RunningGateway } from './running-gateway.ts';

const PATIENCE_MS = 5_000;

/** What a check may look at: the settings, what they lead to, and the gateway that runs with them. Nothing is changed. */
export class Site implements AsyncDisposable {
  readonly given: Environment;
  /** What is given, and what AWS Secrets Manager has beside it. */
  readonly env: Environment;
  /** Milliseconds since 1970, by the clock of this machine. */
  readonly now: () => number;
  readonly #opened: { close(): Promise<void> | void }[] = [];
  #database: Promise<pg.Client | undefined> | undefined;
  #gateway: Promise<RunningGateway | undefined> | undefined;
  #valkeys: ValkeyConnection[] | undefined;

  private constructor(given: Environment, env: Environment, now: () => number) {
    this.given = given;
    this.env = env;
    this.now = now;
  }

  /** Where AWS can't be asked, the other checks go by what is given; the one of the secrets says so. */
  static async at(given: Environment = process.env, now: () => number = Date.now): Promise<Site> {
    const secrets = await LiveSecrets.open(given).catch(() => undefined);
    secrets?.close();
    return new Site(given, secrets?.env ?? given, now);
  }

  config<D extends ReturnType<typeof definedConfigs>[number]>(definition: D): ConfigOf<D> {
    return readConfig(definition, this.env);
  }

  get dataDir(): string {
    return resolve(this.config(homeConfig).dataDir);
  }

  /** Every setting there is, with what stands in the environment for it. */
  get settings(): { setting: Setting<unknown>; value: unknown; file: string | undefined }[] {
    return definedConfigs().flatMap((definition) => {
      const values = readConfig(definition, this.env) as Record<string, unknown>;
      return Object.entries(definition.settings).map(([key, setting]) => ({
        setting,
        value: values[key],
        file: setting.secret ? this.env[`${setting.env}_FILE`] || undefined : undefined,
      }));
    });
  }

  /** The value of a setting by the name of its variable; undefined where it has none. */
  valueOf(name: string): unknown {
    return this.settings.find(({ setting }) => setting.env === name)?.value;
  }

  /** PostgreSQL, where DATABASE_URL names one. Rejects where it can't be reached. */
  database(): Promise<pg.Client | undefined> {
    return (this.#database ??= this.#connect());
  }

  /** One connection for each server of Valkey that is set; each may be down. */
  async valkeys(): Promise<ValkeyConnection[]> {
    this.#valkeys ??= await this.#openValkeys(this.config(valkeyConfig));
    return this.#valkeys;
  }

  /** Whether the server of `cache` or `state` is told a password. */
  valkeyHasPassword(name: string): boolean {
    const settings = this.config(valkeyConfig);
    const url = name === 'state' ? (settings.stateUrl ?? settings.url) : settings.url;
    return url !== undefined && serverAddress(url, settings).password !== undefined;
  }

  /** What answers at the management port, if anything does. */
  gateway(): Promise<RunningGateway | undefined> {
    return (this.#gateway ??= RunningGateway.find(this));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#opened) await each.close();
  }

  async #connect(): Promise<pg.Client | undefined> {
    const { url } = this.config(persistenceConfig);
    if (url === undefined) return undefined;
    const client = new pg.Client({
      connectionString: url,
      application_name: 'gatehouse doctor',
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
    });
    client.on('error', () => undefined); // The query that runs tells of it.
    await client.connect();
    this.#opened.push({ close: () => client.end() });
    return client;
  }

  async #openValkeys(settings: ValkeySettings): Promise<ValkeyConnection[]> {
    const { url, stateUrl = url } = settings;
    const named = [
      ['cache', url],
      ['state', stateUrl],
    ] as const;
    return Promise.all(
      named.flatMap(([name, address]) =>
        address === undefined ? [] : [this.#openValkey(name, address, settings)],
      ),
    );
  }

  async #openValkey(name: string, url: string, settings: ValkeySettings): Promise<ValkeyConnection> {
    const connection = new ValkeyConnection({ ...settings, name, address: serverAddress(url, settings) });
    this.#opened.push(connection);
    await connection.open();
    return connection;
  }
}
