/** Those that ask for no more than to be named. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

export interface Licensed {
  readonly name: string;
  /** As SPDX writes it, as in `(MIT OR Apache-2.0)`. */
  readonly licence: string | undefined;
}

export function licenceFaults(packages: readonly Licensed[]): string[] {
  return packages.flatMap(({ name, licence }) => {
    if (!licence) return [`${name} says nothing of its licence`];
    return isAllowed(licence) ? [] : [`${name} is under ${licence}`];
  });
}

/** OR leaves the choice to us; AND binds to both. */
function isAllowed(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, '');
  return plain
    .split(/ OR /i)
    .some((choice) => choice.split(/ AND /i).every((one) => ALLOWED.has(one.trim())));
}
