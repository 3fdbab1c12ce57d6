import { definedConfigs, readAllConfigs, type AllValues, type Environment } from '#config';
import { entryOf } from './secret-entries.ts';
import { isProduction } from './production.config.ts';
import { isUrlSetting, passwordIn } from './url-password.ts';
import { isWellKnown } from './weakness/well-known.ts';
import { weaknessOf } from './weakness/weakness-of.ts';

/** SEN-7: production has these, whatever it is used for. */
const REQUIRED = ['JWT_SECRET', 'MCP_SIG_SECRET', 'AGENT_SIG_SECRET', 'ADMIN_SECRET_KEY'];
const MIN_LENGTH = 32;
const LONGER: Readonly<Record<string, number>> = { JWT_SECRET: 64, JWT_PREVIOUS_SECRET: 64 };

/** Made by others, or checked by their own shape: a model's key, a database's password, a key pair. Only what is known is refused. */
const OF_OTHERS: ReadonlySet<string> = new Set([
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'EMBEDDINGS_API_KEY',
  'DATABASE_PASSWORD',
  'AUDIT_SIGNING_KEY',
]);
/** The same key of one company may serve for both. */
const MAY_BE_EQUAL: ReadonlySet<string> = new Set([
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'EMBEDDINGS_API_KEY',
]);

/** Turned off, they let anybody in. */
const AUTHENTICATION = ['WS_AUTH_ENABLED'];
const ADDRESSES = ['PUBLIC_URL', 'OIDC_ISSUER', 'AWS_ENDPOINT_URL_SECRETS_MANAGER'];
const VALKEY_URLS: ReadonlySet<string> = new Set(['VALKEY_URL', 'VALKEY_STATE_URL']);

/** A setting as it was read. */
export interface Given {
  readonly name: string;
  /** Undefined where it is absent, and where its text is none that the setting allows. */
  readonly value: unknown;
  readonly isSet: boolean;
  readonly secret: boolean;
}

export interface Findings {
  /** They stop a start in production. */
  readonly faults: readonly string[];
  /** They do not, and somebody should know. */
  readonly warnings: readonly string[];
}

/** What is wrong with these settings for production. Pure, and says nothing of what a secret holds. */
export function productionFindings(settings: readonly Given[]): Findings {
  const values = new Map(settings.map(({ name, value }) => [name, value]));
  const secrets = settings.flatMap(({ name, value, secret }) =>
    secret && typeof value === 'string' ? [{ name, value }] : [],
  );
  const faults = [
    ...missing(settings),
    ...secrets.flatMap(({ name, value }) => {
      const weakness = weaknessOfSecret(name, value);
      return weakness === undefined ? [] : [`${name} is too weak for production: ${weakness}`];
    }),
    ...equalSecrets(secrets).map((names) => `${names.join(' and ')} have the same value: each needs its own`),
    ...AUTHENTICATION.filter((name) => values.get(name) === false).map(
      (name) => `${name}=false lets anybody in: production needs it`,
    ),
    ...openOrigins(values.get('CORS_ALLOWED_ORIGINS')),
    ...ADDRESSES.filter((name) => isInClear(values.get(name))).map(
      (name) => `${name} begins with http://: what is sent there in production needs https://`,
    ),
  ];
  const unlimited = values.get('RATE_LIMIT_ENABLED') === false;
  return {
    faults,
    warnings: unlimited ? ['RATE_LIMIT_ENABLED=false: nothing limits what a caller may do'] : [],
  };
}

/** What is wrong for production with the secrets alone: with those that are set, and what is missing. */
export function secretFindings(env: Environment): { faults: readonly string[]; missing: readonly string[] } {
  let secrets: Given[] = [];
  readAllConfigs(env, (values) => {
    secrets = givenIn(env, values).filter(({ secret }) => secret);
    return [];
  });
  const absent = missing(secrets);
  const { faults } = productionFindings(secrets);
  return { faults: faults.filter((fault) => !absent.includes(fault)), missing: absent };
}

/**
 * Reads all settings, and refuses at once all that no setting allows and, in production, all that is weak or open.
 * Answers what somebody should know of all the same.
 * @throws ConfigError
 */
export function checkSettings(env: Environment): readonly string[] {
  const production = isProduction(env);
  let findings: Findings = { faults: [], warnings: [] };
  readAllConfigs(env, (values) => {
    findings = productionFindings(givenIn(env, values));
    return production ? findings.faults : [];
  });
  const { faults, warnings } = findings;
  return production ? warnings : [...faults, ...warnings];
}

function givenIn(env: Environment, values: AllValues): Given[] {
  return definedConfigs().flatMap((definition) =>
    Object.entries(definition.settings).map(([key, { env: name, aliases, secret }]) => {
      const isSet = [name, ...aliases].some((one) => env[one] || env[`${one}_FILE`]);
      return { name, secret, isSet, value: values.get(definition)?.[key] };
    }),
  );
}

/** Why this value is none for production. */
export function weaknessIn(name: string, value: unknown): string | undefined {
  return typeof value === 'string' ? weaknessOfSecret(name, value) : undefined;
}

function weaknessOfSecret(name: string, value: string): string | undefined {
  const known = 'it is a well-known value, or holds a word of one';
  if (OF_OTHERS.has(name)) return isWellKnown(value) ? known : undefined;
  if (!isUrlSetting(name)) return weaknessOf(value, LONGER[name] ?? MIN_LENGTH);
  const password = passwordIn(value);
  if (password === undefined) return undefined;
  const weakness = VALKEY_URLS.has(name) ? weaknessOf(password, MIN_LENGTH) : isWellKnown(password) && known;
  return weakness ? `of its password: ${weakness}` : undefined;
}

function missing(settings: readonly Given[]): string[] {
  const present = new Set(settings.flatMap(({ name, isSet }) => (isSet ? [name] : [])));
  const bare = settings.find(
    ({ name, value }) =>
      VALKEY_URLS.has(name) && typeof value === 'string' && passwordIn(value) === undefined,
  );
  return [
    ...REQUIRED.filter((name) => !present.has(name)).map((name) => `${name} is missing: production needs it`),
    ...(bare && !present.has('VALKEY_PASSWORD')
      ? [`VALKEY_PASSWORD is missing: production needs it, since ${bare.name} holds no password`]
      : []),
  ];
}

/** The names of those that have one value and need each their own: whoever learns one of two equal secrets has both. */
export function equalSecrets(secrets: readonly { name: string; value: string }[]): string[][] {
  const own = secrets.filter(({ name }) => !isUrlSetting(name) && !MAY_BE_EQUAL.has(name));
  const byValue = Map.groupBy(own, ({ value }) => value);
  return [...byValue.values()].flatMap((same) => {
    const names = same.map(({ name }) => name);
    // What was "rotated" to the same value is one secret, not two.
    const distinct = names.filter((name) => !names.includes(entryOf(name)?.successor ?? ''));
    return distinct.length < 2 ? [] : [distinct];
  });
}

/** `null` is the Origin of any sandboxed page. */
function openOrigins(origins: unknown): string[] {
  if (!Array.isArray(origins)) return [];
  const open = origins.find((origin) => String(origin).includes('*') || origin === 'null') as
    string | undefined;
  return open === undefined
    ? []
    : [`CORS_ALLOWED_ORIGINS has ${open}, which lets any page call: name the pages`];
}

function isInClear(address: unknown): boolean {
  return typeof address === 'string' && /^http:/i.test(address);
}
