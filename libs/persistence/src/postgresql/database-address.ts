import { liveValue, type Rotating, type Secrets } from '#secrets';
import type { ConfigOf } from '#config';
import { persistenceConfig } from '../persistence.config.ts';

type Settings = ConfigOf<typeof persistenceConfig>;

/** DATABASE_URL, with DATABASE_PASSWORD where it holds none. Undefined without a URL. */
export function databaseUrl({ url, password }: Pick<Settings, 'url' | 'password'>): string | undefined {
  if (url === undefined || password === undefined) return url;
  const full = new URL(url);
  if (full.password !== '' || full.searchParams.has('password')) return url;
  // A socket has no host, and a URL without a host has no place for a password.
  if (full.host === '') full.searchParams.set('password', password);
  else full.password = encodeURIComponent(password);
  return full.href;
}

/**
 * Where the database is, and who we are to it: as of now, for each new connection. Those that are open go on by what they
 * were let in with.
 */
export class DatabaseAddress {
  readonly #secrets: Secrets | undefined;
  readonly #live: {
    readonly url: Rotating<string | undefined>;
    readonly password: Rotating<string | undefined>;
  };
  #url: string;
  /** Of before the last change. Nobody knows who learns of a new password first, the server or we. */
  #former: string | undefined;

  private constructor(url: string, settings: Settings, secrets: Secrets | undefined) {
    this.#url = url;
    this.#secrets = secrets;
    this.#live = {
      url: liveValue(secrets, persistenceConfig.settings.url, settings.url),
      password: liveValue(secrets, persistenceConfig.settings.password, settings.password),
    };
    // What is kept lies there: half of the replicas would write here, half there.
    secrets?.guard(persistenceConfig.settings.url, (next) => next !== undefined && samePlace(next, url));
    for (const secret of Object.values(this.#live)) secret.onChange(() => this.#follow());
  }

  static of(settings: Settings, secrets?: Secrets): DatabaseAddress | undefined {
    const url = databaseUrl(settings);
    return url === undefined ? undefined : new DatabaseAddress(url, settings, secrets);
  }

  get url(): string {
    return this.#url;
  }

  /** The server refuses who we said to be. Whether it is worth another attempt, with the URL of then. */
  async refused(tried: string): Promise<boolean> {
    if (this.#url !== tried) return true;
    await this.#secrets?.refresh();
    if (this.#url !== tried) return true;
    if (this.#former === undefined) return false;
    [this.#url, this.#former] = [this.#former, this.#url];
    return true;
  }

  #follow(): void {
    const next = databaseUrl({ url: this.#live.url.current, password: this.#live.password.current });
    if (next === undefined || next === this.#url || next === this.#former) return;
    if (!samePlace(next, this.#url)) return;
    this.#former = this.#url;
    this.#url = next;
  }
}

function samePlace(one: string, other: string): boolean {
  return placeOf(one) === placeOf(other);
}

/** Whoever asks for it. */
function placeOf(url: string): string {
  const place = new URL(url);
  if (place.host !== '') [place.username, place.password] = ['', ''];
  place.searchParams.delete('user');
  place.searchParams.delete('password');
  return place.href;
}
