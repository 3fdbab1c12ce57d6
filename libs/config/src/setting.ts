import { isIP } from 'node:net';
import { keyBytes } from './key-bytes.ts';

/** One environment variable: its name, what it means, what is allowed, and what it is when it is absent. */
export interface Setting<T> {
  readonly env: string;
  /** Other names of the same setting. Two names with different values stop the boot (requirements 2). */
  readonly aliases: readonly string[];
  readonly description: string;
  /** What is allowed, for the error message and the README. */
  readonly shape: string;
  readonly default: T;
  /** A secret is never printed, and may also come from the file that `NAME_FILE` names. */
  readonly secret: boolean;
  /**
   * Throws nothing: an answer of undefined says that the raw text does not fit the shape. `name` is the variable that
   * the text came from, since an alias may count in another unit.
   */
  parse(raw: string, name: string): T | undefined;
}

interface Named {
  env: string;
  description: string;
  aliases?: readonly string[];
}
interface WithDefault<T> extends Named {
  default: T;
}

function make<T>(
  named: WithDefault<T>,
  shape: string,
  parse: Setting<T>['parse'],
  secret = false,
): Setting<T> {
  const { env, description, aliases = [] } = named;
  return { env, description, aliases, shape, default: named.default, secret, parse };
}

const WHOLE_NUMBER = /^-?\d{1,15}$/;
const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

function itemsOf(raw: string): string[] {
  return raw
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 6 ? 128 : 32));
}

const KEY_SHAPE = '32 random bytes in base64 or hex';

/** The kinds of setting there are. Units stand in the key's name (`windowSeconds`), bounds in its shape. */
export const setting = {
  integer({ min, max, ...named }: WithDefault<number> & { min: number; max: number }): Setting<number> {
    return make(named, `a whole number from ${min} to ${max}`, (raw) => {
      const value = WHOLE_NUMBER.test(raw) ? Number(raw) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    });
  },

  /** Its value is in milliseconds. Variables whose name ends in `_MS` give milliseconds, all others seconds. */
  duration({ min, max, ...named }: WithDefault<number> & { min: number; max: number }): Setting<number> {
    const shape = `a whole number of seconds (of milliseconds, in a name that ends in _MS), from ${min} to ${max} ms`;
    return make(named, shape, (raw, name) => {
      const value = WHOLE_NUMBER.test(raw) ? Number(raw) * (name.endsWith('_MS') ? 1 : 1000) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    });
  },

  boolean(named: WithDefault<boolean>): Setting<boolean> {
    return make(named, 'true or false', (raw) => {
      const word = raw.toLowerCase();
      return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
    });
  },

  text(named: WithDefault<string> & { pattern?: RegExp; shape?: string }): Setting<string> {
    const { pattern = /^.{1,4096}$/s, shape = 'a text' } = named;
    return make(named, shape, (raw) => (pattern.test(raw) ? raw : undefined));
  },

  /** A text that may be absent altogether. */
  optional(named: Named & { pattern?: RegExp; shape?: string }): Setting<string | undefined> {
    const { pattern = /^.{1,4096}$/s, shape = 'a text' } = named;
    return make<string | undefined>({ ...named, default: undefined }, shape, (raw) =>
      pattern.test(raw) ? raw : undefined,
    );
  },

  oneOf<const V extends string>(named: WithDefault<NoInfer<V>> & { values: readonly V[] }): Setting<V> {
    return make<V>(named, `one of ${named.values.join(', ')}`, (raw) =>
      named.values.find((value) => value === raw),
    );
  },

  /** Comma-separated. */
  list(named: WithDefault<readonly string[]>): Setting<readonly string[]> {
    return make(named, 'a list separated by commas', itemsOf);
  },

  /** Addresses and CIDR ranges, as in `10.0.0.0/8,2001:db8::1`. */
  networks(named: WithDefault<readonly string[]>): Setting<readonly string[]> {
    return make(named, 'addresses and CIDR ranges, separated by commas', (raw) => {
      const items = itemsOf(raw);
      return items.every(isNetwork) ? items : undefined;
    });
  },

  url(named: Named & { protocols: readonly string[] }): Setting<string | undefined> {
    const { protocols } = named;
    const shape = `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
    return make<string | undefined>(
      { ...named, default: undefined },
      shape,
      (raw) => (URL.canParse(raw) && protocols.includes(new URL(raw).protocol) ? raw : undefined),
      true, // A URL may hold a password.
    );
  },

  secret(named: Named & { minLength: number }): Setting<string | undefined> {
    const { minLength } = named;
    return make<string | undefined>(
      { ...named, default: undefined },
      `a secret of at least ${minLength} characters, without spaces`,
      (raw) => (raw.length >= minLength && /^[\x21-\x7e]+$/.test(raw) ? raw : undefined),
      true,
    );
  },

  /** A key for a cipher. Its value is its bytes. */
  key(named: Named): Setting<Buffer | undefined> {
    return make<Buffer | undefined>({ ...named, default: undefined }, KEY_SHAPE, keyBytes, true);
  },

  /** Several of them, comma-separated. */
  keys(named: Named): Setting<readonly Buffer[]> {
    return make<readonly Buffer[]>(
      { ...named, default: [] },
      `keys separated by commas, each ${KEY_SHAPE}`,
      (raw) => {
        const items = itemsOf(raw).map(keyBytes);
        return items.every((item) => item !== undefined) ? items : undefined;
      },
      true,
    );
  },
};
