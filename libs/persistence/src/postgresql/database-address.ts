import type { Secrets } from '#secrets';
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

/** Opens a connection by a URL, and closes it. Answers why there is none. */
type TryOut = (url: string) => Promise<string | undefined>;

/**
 * Where the database is, and who we are to it: as of now, for each new connection. Those that are open go on by what they
 * were let in with.
 */
export class DatabaseAddress {
  readonly #settings: Settings;
  readonly #secrets: Secrets | undefined;
  /** What is said to be in use: it has opened a connection, or the program has begun with it. */
  #taken: string;
  /** What new connections are tried with first. */
  #url: string;
  /** The other side of a rotation. Nobody knows who learns of a new password first, the server or we. */
  #other: string | undefined;

  private constructor(url: string, settings: Settings, secrets: Secrets | undefined) {
    [this.#taken, this.#url] = [url, url];
    this.#settings = settings;
    this.#secrets = secrets;
  }

  static of(settings: Settings, secrets?: Secrets): DatabaseAddress | undefined {
    const url = databaseUrl(settings);
    return url === undefined ? undefined : new DatabaseAddress(url, settings, secrets);
  }

  get url(): string {
    return this.#url;
  }

  /** Goes by a new password as soon as a connection can be opened with it. */
  follow(tryOut: TryOut): void {
    const { url, password } = persistenceConfig.settings;
    const first = this.#taken;
    // What is kept lies there: half of the replicas would write here, half there.
    this.#secrets?.guard(url, (next) => next !== undefined && samePlace(next, first));
    this.#secrets?.adopt({
      settings: [url, password],
      current: this.#settings.url,
      adopt: (...next) => this.#adopt({ url: next[0], password: next[1] }, tryOut),
    });
  }

  async #adopt(given: Pick<Settings, 'url' | 'password'>, tryOut: TryOut): Promise<string | undefined> {
    const next = databaseUrl(given);
    if (next === undefined || next === this.#taken) return undefined;
    // Whatever becomes of the trial: the server may change its mind at any moment.
    if (this.#url !== next) this.#url = this.#taken;
    this.#other = this.#url === next ? this.#taken : next;
    const refusal = await tryOut(next);
    if (refusal !== undefined) return refusal;
    [this.#url, this.#other, this.#taken] = [next, this.#taken, next];
    return undefined;
  }

  /** The server refuses who we said to be. Whether it is worth another attempt, with the URL of then. */
  async refused(tried: string): Promise<boolean> {
    if (this.#url !== tried) return true;
    await this.#secrets?.refresh();
    if (this.#url !== tried) return true;
    if (this.#other === undefined) return false;
    [this.#url, this.#other] = [this.#other, this.#url];
    return true;
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
