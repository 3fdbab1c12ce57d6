import { InvalidInput } from '#errors';
import { foldName } from './user.record.ts';

const MIN_PASSWORD = 12;
const MAX_PASSWORD = 128;

/**
 * What heads every list of leaked passwords, brought to twelve characters as people do it: written twice, or with digits
 * behind. Without those digits, and with letters for their look-alikes.
 */
const WELL_KNOWN = new Set(
  (
    'password passwort motdepasse contrasena contraseña senha administrator admin adminadmin root rootroot letmein ' +
    'letmeinplease welcome welcometo qwerty qwertyuiop qwertyuiopasdfghjkl qwertzuiop azertyuiop asdfghjkl asdfghjklzxcvbnm ' +
    'zxcvbnm iloveyou iloveyousomuch princess sunshine superman batman football baseball basketball dragon monkey ' +
    'master michael jordan trustno trustnoone correcthorsebatterystaple changeme changemenow changeit default secret ' +
    'topsecret supersecret passwordpassword mypassword thisisapassword newpassword temppassword testtest testing ' +
    'testpassword gatehouse gatehouseadmin gatehousepassword superego whatever computer internet starwars pokemon ' +
    'liverpool arsenal chelsea abcdefghijkl abcdefghijklm abcdefghijklmnop qazwsxedc qazwsxedcrfv onetwothreefour'
  ).split(' '),
);
const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  $: 's',
  '@': 'a',
};
const ASCENDING = '01234567890123456789'.repeat(7);
const DESCENDING = [...ASCENDING].toReversed().join('');

/**
 * Length, and nothing that anybody would try first; no rule of what it is composed of (NIST SP 800-63B, 5.1.1.2).
 * @throws InvalidInput, which does not repeat it
 */
export function requireGoodPassword(password: string, name: string): void {
  const length = [...password].length;
  const why =
    length < MIN_PASSWORD || length > MAX_PASSWORD
      ? `must have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`
      : isWellKnown(password, name)
        ? 'is one of those that everybody tries first'
        : undefined;
  if (why) throw new InvalidInput(`The password ${why}`, [{ path: '/password', message: why }]);
}

function isWellKnown(password: string, name: string): boolean {
  const folded = foldName(password);
  // Digits and signs at the ends are what people add until it is long enough.
  const bare = folded.replaceAll(/^[\d\W_]+|[\d\W_]+$/g, '');
  const letters = [...bare.replaceAll(/[\s._-]/g, '')].map((sign) => LOOKALIKES[sign] ?? sign).join('');
  if (isRepeated(folded) || ASCENDING.includes(folded) || DESCENDING.includes(folded)) return true;
  return folded === foldName(name) || bare === foldName(name) || WELL_KNOWN.has(letters) || isTwice(letters);
}

/** `aaaaaaaaaaaa`, `abcabcabcabc`. */
function isRepeated(text: string): boolean {
  return [1, 2, 3, 4].some(
    (period) => text === text.slice(0, period).repeat(text.length).slice(0, text.length),
  );
}

/** `dragondragon`. */
function isTwice(letters: string): boolean {
  const half = letters.slice(0, letters.length / 2);
  return half !== '' && half + half === letters && WELL_KNOWN.has(half);
}
