import type { SettingSecret } from './setting-secret.ts';

type Adopt = (...values: unknown[]) => Promise<string | undefined>;

/** Secrets that their user takes into use: they are offered together, one offer at a time. */
export class PendingAdoption {
  readonly secrets: readonly SettingSecret[];
  /** Whether something may have changed since the last offer was made. */
  isOutdated = false;
  readonly #adopt: Adopt;

  constructor(secrets: readonly SettingSecret[], adopt: Adopt) {
    this.secrets = secrets;
    this.#adopt = adopt;
  }

  /** Undefined where there is nothing new to offer, or an offer is still being looked at. Never rejects. */
  async offer(): Promise<'taken' | 'refused' | undefined> {
    this.isOutdated = this.secrets.some(({ isOffered }) => isOffered);
    const changed = this.secrets.find(({ next }) => next !== undefined);
    if (this.isOutdated || !changed) return undefined;
    this.#setOffered(true);
    const refusal = await this.#adopt(...this.secrets.map(({ candidate }) => candidate)).catch(
      (error: unknown) => (error as Error).message,
    );
    this.#setOffered(false);
    if (refusal === undefined) return 'taken';
    changed.refuse(refusal);
    for (const secret of this.secrets) secret.withdraw();
    return 'refused';
  }

  #setOffered(isOffered: boolean): void {
    for (const secret of this.secrets) secret.isOffered = isOffered;
  }
}
