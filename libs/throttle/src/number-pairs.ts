import type { Setting } from '#config';

const ENTRY = /^([^\s=,/]{1,128})=(\d{1,9})\/(\d{1,9})$/;

/** A setting like `free=10/100,basic=100/1000`: two numbers by name. Prints as it is written. */
export class NumberPairs extends Map<string, readonly [number, number]> {
  /** Undefined where the text is anything else, names something twice, or holds a zero. */
  static parse(raw: string): NumberPairs | undefined {
    const pairs = new NumberPairs();
    for (const entry of raw.split(',')) {
      const [, name, first, second] = ENTRY.exec(entry.trim()) ?? [];
      if (name === undefined || pairs.has(name) || Number(first) === 0 || Number(second) === 0)
        return undefined;
      pairs.set(name, [Number(first), Number(second)]);
    }
    return pairs;
  }

  override toString(): string {
    return Array.from(this, ([name, [first, second]]) => `${name}=${first}/${second}`).join(',');
  }
}

interface NumberPairsOptions {
  env: string;
  description: string;
  shape: string;
  /** Holds for what the variable leaves out. */
  default: NumberPairs;
  allows: (name: string, pair: readonly [number, number]) => boolean;
}

/** The setting of such pairs. `allows` says which names and numbers may stand in it. */
export function numberPairs({ allows, ...named }: NumberPairsOptions): Setting<NumberPairs> {
  return {
    ...named,
    aliases: [],
    secret: false,
    parse(raw) {
      const given = NumberPairs.parse(raw);
      const fits = given && Array.from(given).every(([name, pair]) => allows(name, pair));
      return fits ? new NumberPairs([...named.default, ...given]) : undefined;
    },
  };
}
