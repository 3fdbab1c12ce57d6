import type { Environment } from './read-config.ts';
import type { Setting } from './setting.ts';

const OUR_PREFIXES = ['GATEHOUSE_', 'RATE_LIMIT_', 'AUDIT_', 'SUPEREGO_'];

/**
 * Variables that look like settings of ours and are none: with a prefix that only we use, or one slip of the
 * finger away from a name of ours. A limit that was never applied for a typing error is worse than no boot.
 */
export function mistypedSettings(known: readonly Setting<unknown>[], env: Environment): string[] {
  const names = new Set(
    known.flatMap(({ env: name, aliases, secret }) =>
      [name, ...aliases].flatMap((one) => (secret ? [one, `${one}_FILE`] : [one])),
    ),
  );
  const faults: string[] = [];
  for (const name of Object.keys(env)) {
    if (names.has(name) || !env[name]) continue;
    const near = [...names].find((candidate) => candidate.length > 5 && oneSlip(candidate, name));
    const ours = OUR_PREFIXES.some((prefix) => name.startsWith(prefix));
    if (near) faults.push(`${name} is no setting: did you mean ${near}?`);
    else if (ours) faults.push(`${name} is no setting`);
  }
  return faults;
}

/** Whether one letter changed, added, dropped or swapped with its neighbour makes one name of the other. */
function oneSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const restA = a.slice(start);
  const restB = b.slice(start);
  return (
    restA.slice(1) === restB ||
    restB.slice(1) === restA ||
    restA.slice(1) === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
