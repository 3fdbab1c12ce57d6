import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError, readSetting, type Setting } from '#config';
import { fingerprintOf } from './fingerprint.ts';
import type { OverlaidEnvironment } from './overlaid-environment.ts';
import { RotatingValue } from './rotating-value.ts';
import type { SecretSource, SecretState } from './secrets.ts';
import { isUrlSetting, passwordIn } from './url-password.ts';

interface Renewal {
  readonly changed: boolean;
  readonly source: SecretSource;
  /** Why a new value is not used; only where that is news. */
  readonly refused: string | undefined;
}

const AT_A_START = 'a restart takes it into use';

/** The secret of one setting, as it is now. */
export class SettingSecret {
  readonly name: string;
  readonly value: RotatingValue<unknown>;
  /** The file that it comes from, if it does. */
  readonly file: string | undefined;
  /** Whether somebody follows it. What was read once, at the start, is changed by a start alone. */
  isFollowed = false;
  /** Whether its new value is being taken into use: it is not looked at meanwhile. */
  isOffered = false;
  readonly #guards: ((next: unknown) => boolean)[] = [];
  readonly #setting: Setting<unknown>;
  readonly #env: OverlaidEnvironment;
  #next: unknown;
  #refused: string | undefined;
  #refusedBefore: string | undefined;

  /** @throws ConfigError */
  constructor(setting: Setting<unknown>, env: OverlaidEnvironment) {
    this.#setting = setting;
    this.#env = env;
    this.name = setting.env;
    this.file = env.fileOf(setting);
    this.value = new RotatingValue(readSetting(setting, env.now()));
  }

  get source(): SecretSource {
    if (this.file !== undefined) return 'file';
    return this.#env.versionOf(this.#setting) ? 'aws' : 'environment';
  }

  state(): SecretState | undefined {
    const { current } = this.value;
    const text = Buffer.isBuffer(current) ? current.toString('base64') : current;
    if (typeof text !== 'string') return undefined;
    if (isUrlSetting(this.name) && passwordIn(text) === undefined) return undefined;
    const fingerprint = fingerprintOf(this.name, text);
    const { name, source } = this;
    const refused = this.#refused ?? (this.isOffered ? this.#refusedBefore : undefined);
    return { name, source, writtenAt: this.#writtenAt(), fingerprint, refused };
  }

  /** It has another value in use than its source has. */
  isStill(value: unknown): void {
    if (!isDeepStrictEqual(value, this.value.current)) this.value.set(value);
  }

  /** A new value that this does not keep is for the next start. */
  guard(keeps: (next: unknown) => boolean): void {
    this.#guards.push(keeps);
  }

  /** Reads it again, and takes nothing into use yet. What has gone, or does not fit, leaves the value as it is. */
  look(): void {
    this.#refusedBefore = this.#refused;
    this.#refused = undefined;
    this.#next = undefined;
    try {
      const value = readSetting(this.#setting, this.#env.now());
      if (value !== undefined && !isDeepStrictEqual(value, this.value.current)) this.#next = value;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#refused = error.faults.join('; ');
    }
  }

  /** A new value that was found, and that nothing speaks against yet. */
  get next(): unknown {
    return this.#refused === undefined ? this.#next : undefined;
  }

  /** What it is to be now. */
  get candidate(): unknown {
    return this.next ?? this.value.current;
  }

  /** The new value is not used. */
  refuse(reason: string): void {
    this.#refused = reason;
  }

  /** Nothing is said of the new value, which is not used; the next look finds it again. */
  withdraw(): void {
    this.#next = undefined;
  }

  /** Refuses a new value that only a start can take into use: nobody else is to wait for it. */
  leaveToAStart(): void {
    const { next } = this;
    if (next !== undefined && this.#isForAStart(next)) this.refuse(AT_A_START);
  }

  /** Takes the new value into use, where there is one. */
  settle(): Renewal {
    const { source, next } = this;
    if (this.#refused !== undefined) {
      return {
        changed: false,
        source,
        refused: this.#refused === this.#refusedBefore ? undefined : this.#refused,
      };
    }
    if (next !== undefined) this.value.set(next);
    this.#next = undefined;
    return { changed: next !== undefined, source, refused: undefined };
  }

  #isForAStart(next: unknown): boolean {
    return !this.isFollowed || !this.#guards.every((keeps) => keeps(next));
  }

  #writtenAt(): Date | undefined {
    if (this.file === undefined) return this.#env.versionOf(this.#setting)?.writtenAt;
    try {
      return statSync(this.file).mtime;
    } catch {
      return undefined; // It is gone, or hidden; the value of before is still in use.
    }
  }
}
