import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from './config-error.ts';
import { definedConfigs, type ConfigDefinition, type ConfigOf } from './define-config.ts';
import type { Setting } from './setting.ts';
import { mistypedSettings } from './mistyped-settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The values of one definition. Throws a ConfigError that lists every fault in it. */
export function readConfig<D extends ConfigDefinition>(
  definition: D,
  env: Environment = process.env,
): ConfigOf<D> {
  const faults: string[] = [];
  const values = valuesOf(definition, env, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return values as ConfigOf<D>;
}

/** The value of one setting. Throws a ConfigError that lists every fault in it. */
export function readSetting<T>(setting: Setting<T>, env: Environment = process.env): T {
  const faults: string[] = [];
  const value = valueOf(setting, env, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return value as T;
}

export type AllValues = Map<ConfigDefinition, Record<string, unknown>>;

/**
 * The values of all definitions, by definition. Also refuses a name that looks like one of ours and is none, and what
 * `check` finds in the values: undefined stands for a setting that is absent, and for one that is at fault.
 */
export function readAllConfigs(
  env: Environment = process.env,
  check: (values: AllValues) => readonly string[] = () => [],
): AllValues {
  const faults: string[] = [];
  const all = new Map(definedConfigs().map((definition) => [definition, valuesOf(definition, env, faults)]));
  const known = definedConfigs().flatMap(({ settings }) => Object.values(settings));
  faults.push(...mistypedSettings(known, env), ...check(all));
  if (faults.length > 0) throw new ConfigError([...new Set(faults)]);
  return all;
}

function valuesOf(
  { settings }: ConfigDefinition,
  env: Environment,
  faults: string[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) values[key] = valueOf(setting, env, faults);
  return Object.freeze(values);
}

function valueOf(setting: Setting<unknown>, env: Environment, faults: string[]): unknown {
  const given = [setting.env, ...setting.aliases].flatMap((name) => {
    const raw = rawValue(setting, name, env, faults);
    return raw === undefined ? [] : [{ name, raw, value: setting.parse(raw, name) }];
  });
  for (const { name, raw, value } of given) {
    if (value === undefined) faults.push(`${name} is ${shapeOf(setting, raw)}: it must be ${setting.shape}`);
  }
  const [first, ...others] = given;
  if (first === undefined) return setting.default;

  // By value, not by text: 60 s and 60000 ms are one window, `true` and `1` one answer.
  const other = others.find(({ value }) => !isDeepStrictEqual(value, first.value));
  if (other)
    faults.push(`${first.name} and ${other.name} are two names of one setting and differ: keep one of them`);
  return first.value;
}

/** An empty variable counts as absent: that is how compose files and Kubernetes leave one out. */
function rawValue(
  setting: Setting<unknown>,
  name: string,
  env: Environment,
  faults: string[],
): string | undefined {
  const direct = env[name];
  const file = setting.secret ? env[`${name}_FILE`] : undefined;
  if (direct && file) faults.push(`${name} and ${name}_FILE are both set: keep one of them`);
  if (direct) return direct;
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    faults.push(`${name}_FILE can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
    return undefined;
  }
}

function shapeOf({ secret }: Setting<unknown>, raw: string): string {
  return secret ? `a text of ${raw.length} characters` : JSON.stringify(raw.slice(0, 80));
}
