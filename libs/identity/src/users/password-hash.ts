import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(argon2);

/** OWASP's "Password Storage Cheat Sheet": argon2id with 19 MiB, two passes, one lane. */
const CURRENT = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** PHC string format, of argon2id version 1.3 alone. */
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** A hash of nothing that anybody knows: what is done for a user who is not there, so that it takes as long. */
export const nobodysHash = phc(CURRENT, randomBytes(SALT_BYTES), randomBytes(TAG_BYTES));

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return phc(CURRENT, salt, await tagOf(password, { ...CURRENT, nonce: salt, tagLength: TAG_BYTES }));
}

/** Takes as long for a wrong password as for the right one. A hash of another form fits none. */
export async function fitsHash(password: string, hash: string): Promise<boolean> {
  const parsed = parse(hash);
  if (!parsed) return false;
  const { tag, nonce, memory, passes, parallelism } = parsed;
  const found = await tagOf(password, { nonce, memory, passes, parallelism, tagLength: tag.length });
  return timingSafeEqual(found, tag);
}

/** Whether it was made with other parameters than one that is made today. */
export function isOutdated(hash: string): boolean {
  return !hash.startsWith(prefixOf(CURRENT));
}

/** NIST SP 800-63B, section 5.1.1.2: whichever keyboard made it, it is the same password. */
function tagOf(password: string, parameters: Omit<Argon2Parameters, 'message'>): Promise<Buffer> {
  return derive('argon2id', { message: password.normalize('NFKC'), ...parameters });
}

function parse(hash: string) {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(hash) ?? [];
  if (memory === undefined) return undefined;
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    nonce: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function phc(
  parameters: Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>,
  ...parts: Buffer[]
): string {
  return prefixOf(parameters) + parts.map((part) => part.toString('base64').replace(/=+$/, '')).join('$');
}

function prefixOf({
  memory,
  passes,
  parallelism,
}: Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>) {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`;
}
