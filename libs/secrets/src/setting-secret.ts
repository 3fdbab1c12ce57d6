import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError, readSetting, type Setting } from '#config';
import { fingerprintOf } from './fingerprint.ts';
import type { OverlaidEnvironment } from './overlaid-environment.ts';
import { weaknessIn } from './production-check.ts';
import { RotatingValue } from './rotating-value.ts';
import type { SecretSource, SecretState } from './secrets.ts';
import { isUrlSetting, passwordIn } from './url-password.ts';

interface Renewal {
  readonly changed: boolean;
  readonly source: SecretSource;
  /** Why a new value is not used; only where that is news. */
  readonly refused: string | undefined;
}

/** The secret of one setting, as it is now. */
export class SettingSecret {
  readonly name: string;
  readonly value: RotatingValue<unknown>;
  /** The file that it comes from, if it does. */
  readonly file: string | undefined;
  readonly #setting: Setting<unknown>;
  readonly #env: OverlaidEnvironment;
  #refused: string | undefined;

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
    const current = Buffer.isBuffer(this.value.current)
      ? this.value.current.toString('base64')
      : this.value.current;
    if (typeof current !== 'string') return undefined;
    if (isUrlSetting(this.name) && passwordIn(current) === undefined) return undefined;
    const fingerprint = fingerprintOf(this.name, current);
    const { name, source } = this;
    return { name, source, writtenAt: this.#writtenAt(), fingerprint, refused: this.#refused };
  }

  /** Reads it again. What has gone, or does not fit, leaves the value as it is. */
  renew(): Renewal {
    const before = this.#refused;
    const next = this.#read();
    const { source } = this;
    if (this.#refused !== undefined) {
      return { changed: false, source, refused: this.#refused === before ? undefined : this.#refused };
    }
    const changed = next !== undefined && !isDeepStrictEqual(next, this.value.current);
    if (changed) this.value.set(next);
    return { changed, source, refused: undefined };
  }

  #read(): unknown {
    this.#refused = undefined;
    try {
      const env = this.#env.now();
      const value = readSetting(this.#setting, env);
      if (isDeepStrictEqual(value, this.value.current)) return undefined;
      this.#refused = weaknessIn(this.name, value, env);
      return value;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#refused = error.faults.join('; ');
      return undefined;
    }
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
