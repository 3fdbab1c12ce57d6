import type { Setting } from './setting.ts';

type Settings = Record<string, Setting<unknown>>;
type Values<S extends Settings> = { readonly [K in keyof S]: S[K]['default'] };

/** The settings of one lib. `KEY` is the injection token of their values. */
export interface ConfigDefinition<S extends Settings = Settings> {
  readonly KEY: symbol;
  readonly name: string;
  readonly settings: S;
}

/** The type of the values: `constructor(@Inject(throttleConfig.KEY) config: ConfigOf<typeof throttleConfig>)`. */
export type ConfigOf<D> = D extends ConfigDefinition<infer S> ? Values<S> : never;

const definitions: ConfigDefinition[] = [];

/** Declares the settings of a lib. They are read, all at once, when the program starts. */
export function defineConfig<S extends Settings>(name: string, settings: S): ConfigDefinition<S> {
  const definition = { KEY: Symbol(`config:${name}`), name, settings };
  definitions.push(definition);
  return definition;
}

/** All settings declared by the libs that are loaded, in the order of loading. */
export function definedConfigs(): readonly ConfigDefinition[] {
  return definitions;
}
