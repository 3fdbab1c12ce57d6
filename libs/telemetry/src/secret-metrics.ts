import { Counter, Gauge, register } from 'prom-client';
import type { SecretAge, SecretAges } from '#rotation';
import type { Secrets } from '#secrets';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** How old each secret is, and how rotations go. The names are those of settings. */
export class SecretMetrics {
  readonly #prefix: string;

  constructor(prefix: string, { secrets, ages }: { secrets: Secrets; ages: SecretAges }) {
    this.#prefix = prefix;
    this.#show(
      ['secret_age_days', 'Days since each secret was given the value that it has'],
      ages,
      ({ since }) => (Date.now() - since.getTime()) / DAY_MS,
    );
    this.#show(
      ['secret_rotation_due_seconds', 'Time until each secret is to be rotated; below 0 it is overdue'],
      ages,
      ({ dueAt }) => dueAt && (dueAt.getTime() - Date.now()) / SECOND_MS,
    );
    const unavailable: Gauge = new Gauge({
      name: this.#fresh('secrets_unavailable'),
      help: '1 while AWS Secrets Manager cannot be asked, and what it said before is used',
      collect: () => unavailable.set(secrets.unavailable === undefined ? 0 : 1),
    });
    const news: Counter<'name' | 'result'> = new Counter({
      name: this.#fresh('secret_changes_total'),
      help: 'New values of secrets that were seen, by whether they are used',
      labelNames: ['name', 'result'] as const,
      // A series that began with its first event would hide that from whoever asks for the increase.
      collect: () => {
        for (const { name } of secrets.states())
          for (const result of ['used', 'refused']) news.inc({ name, result }, 0);
      },
    });
    secrets.onNews((one) => {
      if (one.event === 'secret_rotated') news.inc({ name: one.name, result: 'used' });
      if (one.event === 'secret_refused') news.inc({ name: one.name, result: 'refused' });
    });
  }

  #show(
    [name, help]: [string, string],
    ages: SecretAges,
    read: (age: SecretAge) => number | undefined,
  ): void {
    const gauge: Gauge<'name'> = new Gauge({
      name: this.#fresh(name),
      help,
      labelNames: ['name'] as const,
      collect: () => {
        gauge.reset();
        for (const age of ages.list()) {
          const value = read(age);
          if (value !== undefined) gauge.set({ name: age.name }, value);
        }
      },
    });
  }

  /** One process has one registry, however often it boots. */
  #fresh(name: string): string {
    register.removeSingleMetric(this.#prefix + name);
    return this.#prefix + name;
  }
}
