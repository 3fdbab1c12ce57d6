import type { SettingSecret } from './setting-secret.ts';

type Adopt = (next: unknown, previous: unknown) => Promise<string | undefined>;

/** A secret that its user takes into use, and the one that holds what it was before: they are offered together, one offer at a time. */
export class PendingAdoption {
  readonly secrets: readonly SettingSecret[];
  /** Whether something may have changed since the last offer was made. */
  isOutdated = false;
  readonly #secret: SettingSecret;
  readonly #previous: SettingSecret | undefined;
  readonly #adopt: Adopt;

  constructor(secret: SettingSecret, previous: SettingSecret | undefined, adopt: Adopt) {
    this.#secret = secret;
    this.#previous = previous;
    this.#adopt = adopt;
    this.secrets = previous ? [secret, previous] : [secret];
  }

  /** Undefined where there is nothing new to offer, or an offer is still being looked at. Never rejects. */
  async offer(): Promise<'taken' | 'refused' | undefined> {
    this.isOutdated = this.#secret.isOffered;
    const changed = this.secrets.find(({ next }) => next !== undefined);
    if (this.isOutdated || !changed) return undefined;
    this.#setOffered(true);
    const refusal = await this.#adopt(this.#secret.candidate, this.#previous?.candidate).catch(
      (error: unknown) => (error as Error).message,
    );
    this.#setOffered(false);
    if (refusal === undefined) return 'taken';
    changed.refuse(refusal);
    this.#previous?.withdraw();
    return 'refused';
  }

  #setOffered(isOffered: boolean): void {
    for (const secret of this.secrets) secret.isOffered = isOffered;
  }
}
