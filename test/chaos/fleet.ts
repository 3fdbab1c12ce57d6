import { freshPostgresql, ValkeyServer, type FreshPostgresql } from '#testing';
import { GatewayClient } from '../support/gateway-client.ts';
import { gatehouse } from '../support/run.ts';
import { now } from './now.ts';
import { Replica } from './replica.ts';
import { CONVERSATION } from './requests.ts';
import { ADMIN_KEY, gatewayEnv, VALKEY_PASSWORD, VALKEY_USER } from './settings.ts';

/** When Valkey forgot all that it had counted, at some time between the two. */
export interface Forgetting {
  readonly from: number;
  readonly to: number;
}

export interface FleetOptions {
  /** URL of a PostgreSQL on which databases can be made. */
  postgresql: string;
  replicas: number;
  /** Beside what every gateway of a run has. */
  env: Readonly<Record<string, string>>;
}

/** Several gateways in processes of their own, beside one PostgreSQL and one Valkey. */
export class Fleet implements AsyncDisposable {
  readonly database: FreshPostgresql;
  readonly valkey: ValkeyServer;
  readonly replicas: readonly Replica[];
  readonly forgettings: Forgetting[] = [];
  /** The servers end with this process; gateways do not. */
  readonly #abandon = (): void => {
    for (const replica of this.replicas) replica.abandon();
  };

  private constructor(database: FreshPostgresql, valkey: ValkeyServer, replicas: readonly Replica[]) {
    this.database = database;
    this.valkey = valkey;
    this.replicas = replicas;
    process.once('exit', this.#abandon);
  }

  static async start({ postgresql, replicas: count, env }: FleetOptions): Promise<Fleet> {
    const database = await freshPostgresql(postgresql);
    const valkey = await ValkeyServer.start({
      maxmemoryPolicy: 'noeviction',
      users: [
        `${VALKEY_USER} on >${VALKEY_PASSWORD} ~gatehouse:* &gatehouse:* +@all -@admin -@dangerous +info`,
      ],
    });
    const settings = { ...gatewayEnv(count), DATABASE_URL: database.url, ...env };
    const replicas: Replica[] = [];
    const fleet = new Fleet(database, valkey, replicas);
    try {
      for (let index = 0; index < count; index++)
        replicas.push(await Replica.prepare(index, valkey.port, settings));
      await Promise.all(replicas.map((replica) => replica.start()));
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A conversation to look for, and as many fresh keys as there are names. */
  async furnish(names: readonly string[]): Promise<string[]> {
    const client = new GatewayClient(`http://127.0.0.1:${this.replicas[0]!.port}`, ADMIN_KEY);
    await client.rest('/conversations/ingest', { body: CONVERSATION });
    const keys: string[] = [];
    for (const name of names) {
      const { status, body } = await client.rest('/admin/keys', { body: { name, role: 'service' } });
      if (status !== 201) throw new Error(`No key: ${JSON.stringify(body)}`);
      keys.push((body as { key: string }).key);
    }
    return keys;
  }

  /** Does what makes Valkey forget. */
  async forget(act: () => Promise<unknown>): Promise<void> {
    const from = now();
    await act();
    this.forgettings.push({ from, to: now() });
  }

  /** What `gatehouse audit verify` says of all chains; undefined where all is well. */
  async auditFault(): Promise<string | undefined> {
    const { code, out, err } = await gatehouse(['audit', 'verify'], {
      env: { DATABASE_URL: this.database.url },
    });
    return code === 0 && /^valid: /m.test(out) ? undefined : `${out}${err}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#abandon);
    this.valkey.thaw();
    for (const replica of this.replicas) await replica.remove();
    await this.valkey.remove();
    await this.database.drop();
  }
}
