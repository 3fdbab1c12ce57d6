import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Secrets, type SecretSource, type SecretState } from '#secrets';
import { lifetimeOf } from './lifetime-of.ts';
import { SecretSightings } from './secret-sightings.ts';

const DAY_MS = 86_400_000;

/** How old a secret is, and how old it may get. */
export interface SecretAge {
  readonly name: string;
  readonly source: SecretSource;
  readonly since: Date;
  /** When it is to be rotated; undefined for what the calendar does not rotate. */
  readonly dueAt: Date | undefined;
  readonly overdue: boolean;
  /** Why its newest value is not used. */
  readonly refused: string | undefined;
}

/** When a secret that has had its value since then is to be rotated; undefined for what the calendar does not rotate. */
export function dueAtOf(name: string, since: Date): Date | undefined {
  const days = lifetimeOf(name);
  return days === undefined ? undefined : new Date(since.getTime() + days * DAY_MS);
}

/** Since when each secret has been in use, and which ones are to be rotated (RAG-23). */
@Injectable()
export class SecretAges implements OnApplicationBootstrap {
  readonly #logger = new Logger('Secrets');
  readonly #startedAt = new Date();
  #since: ReadonlyMap<string, Date> = new Map();

  constructor(
    private readonly secrets: Secrets,
    private readonly sightings: SecretSightings,
  ) {
    secrets.onNews(({ event }) => {
      if (event === 'secret_rotated') void this.note();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.note();
    const overdue = this.list().filter((age) => age.overdue);
    if (overdue.length === 0) return;
    this.#logger.warn(`To be rotated, since they are too old: ${overdue.map(({ name }) => name).join(', ')}`);
  }

  /** Looks at the secrets of now. Where the database can't be asked, ages count from what is known. */
  async note(): Promise<void> {
    try {
      const now = new Date();
      const seen = this.secrets
        .states()
        .map(({ name, fingerprint, writtenAt: since = now }) => ({ name, fingerprint, since }));
      this.#since = await this.sightings.note(seen);
    } catch (error) {
      this.#logger.warn(`The ages of secrets can't be remembered: ${(error as Error).message}`);
    }
  }

  list(): SecretAge[] {
    return this.secrets.states().map((state) => {
      const { name, source, refused } = state;
      const since = this.#sinceOf(state);
      const dueAt = dueAtOf(name, since);
      return { name, source, since, dueAt, overdue: dueAt !== undefined && dueAt <= new Date(), refused };
    });
  }

  /** AWS knows it. A file is as new as the pod that it is mounted into, so the first sight of it counts. */
  #sinceOf({ name, source, writtenAt }: SecretState): Date {
    const known = source === 'aws' ? writtenAt : this.#since.get(name);
    return known ?? writtenAt ?? this.#startedAt;
  }
}
