import { Injectable, ServiceUnavailableException, type OnApplicationBootstrap } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { sql } from 'kysely';
import { AuditTrail } from '#audit';
import { GatehouseError } from '#errors';
import { Database } from '#persistence';
import { SecretAges } from '#rotation';
import { Secrets } from '#secrets';

/** What must work for a call to be served, asked through Terminus. */
@Injectable()
export class Readiness implements OnApplicationBootstrap {
  #started = false;
  #leaving = false;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly secrets: Secrets,
    private readonly ages: SecretAges,
  ) {}

  onApplicationBootstrap(): void {
    this.#started = true;
  }

  get started(): boolean {
    return this.#started;
  }

  /** From now on balancers are told to send nothing more here, while what they still send is served. */
  leave(): void {
    this.#leaving = true;
  }

  /** Throws ServiceUnavailableException, as Terminus does, when a part is down. */
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.#lifecycle(), () => this.#database(), () => this.#audit()]);
  }

  /** The same for those who may see which part is down, and which secrets are to be rotated: that stops no call. */
  async details(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([() => this.#database(), () => this.#audit(), () => this.#secrets()]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const details = error.getResponse() as Record<string, unknown>;
      throw new GatehouseError('UNAVAILABLE', 'A part of Gatehouse is down', { details, cause: error });
    }
  }

  #lifecycle() {
    const indicator = this.indicators.check('lifecycle');
    return this.#leaving ? indicator.down('is being stopped') : indicator.up();
  }

  async #database() {
    const indicator = this.indicators.check('database');
    try {
      await sql`select 1`.execute(this.database.kysely);
      return indicator.up({ engine: this.database.engine, vectors: this.database.vectors });
    } catch {
      return indicator.down({ engine: this.database.engine });
    }
  }

  #secrets() {
    const ages = this.ages.list();
    const { unavailable } = this.secrets;
    return this.indicators.check('secrets').up({
      overdue: ages.filter(({ overdue }) => overdue).map(({ name }) => name),
      refused: ages.filter(({ refused }) => refused !== undefined).map(({ name }) => name),
      ...(unavailable !== undefined && { unavailable }),
    });
  }

  #audit() {
    const indicator = this.indicators.check('audit');
    return this.audit.healthy ? indicator.up() : indicator.down();
  }
}
