import { equalSecrets, weaknessIn } from './production-check.ts';
import type { SettingSecret } from './setting-secret.ts';

/** Why new values of secrets are none for production, by their names: what a start would say. */
export function unfitAmong(secrets: readonly SettingSecret[]): ReadonlyMap<string, string> {
  const unfit = new Map<string, string>();
  for (const { name, next } of secrets) {
    const weakness = weaknessIn(name, next);
    if (weakness !== undefined) unfit.set(name, weakness);
  }
  // What is not used leaves the value before in force, which another one may have been given: until nothing is found any more.
  for (let found = 1; found > 0;) {
    const before = unfit.size;
    const values = secrets.flatMap((secret) => {
      const value = unfit.has(secret.name) ? secret.value.current : secret.candidate;
      return typeof value === 'string' ? [{ name: secret.name, value }] : [];
    });
    for (const names of equalSecrets(values)) {
      for (const name of names) {
        const isNew = secrets.some((secret) => secret.name === name && secret.next !== undefined);
        if (!isNew || unfit.has(name)) continue;
        const others = names.filter((other) => other !== name).join(' and ');
        unfit.set(name, `it has the same value as ${others}: each needs its own`);
      }
    }
    found = unfit.size - before;
  }
  return unfit;
}
