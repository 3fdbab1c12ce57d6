import { MarkFinder } from './mark-finder.ts';
import { PRIVATE_KEY } from './private-key.ts';
import { assignments } from './secret-assignments.ts';
import { untilStable } from './until-stable.ts';

/** What stands in the place of a secret. It says no kind: whoever reads it need not know which service was used. */
export const SECRET = '[SECRET]';

/** Secrets wherever they stand. Each begins with a mark of its own and runs over one class of characters. */
const forms = [
  'gk_[A-Za-z0-9]{20,}', // ours
  '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])', // AWS
  'sk-(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{20,}', // OpenAI, Anthropic
  'gh[pousr]_[A-Za-z0-9]{36,}', // GitHub
  'github_pat_[A-Za-z0-9_]{22,}',
  'glpat-[A-Za-z0-9_-]{20,}', // GitLab
  'xox[abeoprs]-[A-Za-z0-9-]{10,}', // Slack
  'xapp-[0-9]-[A-Za-z0-9-]{10,}',
  'hooks\\.slack\\.com/(?:services|workflows)/[A-Za-z0-9/_-]{10,}',
  '(?:[srp]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}', // Stripe
  'AIza[A-Za-z0-9_-]{35,}', // Google
  'ya29\\.[A-Za-z0-9_-]{20,}',
  'GOCSPX-[A-Za-z0-9_-]{20,}',
  'npm_[A-Za-z0-9]{36,}',
  'pypi-[A-Za-z0-9_-]{50,}',
  'SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{32,}', // SendGrid
  'hf_[A-Za-z0-9]{30,}', // Hugging Face
  'dop_v1_[A-Za-z0-9]{64,}', // DigitalOcean
  '[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])', // Telegram
];
const FORMS = new RegExp(`(?<![A-Za-z0-9])(?:${forms.join('|')})`, 'g');

/**
 * JWT (RFC 7519) and JWE (RFC 7516), found from the first dot backwards: from each `eyJ` forwards, a long run of them
 * without a dot would be read once for each.
 */
const SIGNED_TOKEN = /(?<=(?<![A-Za-z0-9])(eyJ[A-Za-z0-9_-]{8,}))(?:\.[A-Za-z0-9_-]*){2,4}/g;

/** `postgres://user:password@host` (RFC 3986, section 3.2.1). The password ends at the last @ before the path. */
const URL_PASSWORD = /(:\/\/[^\s:/?#@"'<>]{0,128}:)[^\s/"'<>]{1,256}@/g;

const FORM = 1;
const NAME = 2;
const FORM_MARKS =
  'gk_ eyJ AKIA ASIA ABIA ACCA AIza sk- sk_ rk_ pk_ ghp_ gho_ ghu_ ghs_ ghr_ hub_pat glpat xox xapp .slack. whsec_ ya29 ' +
  'GOCSPX npm_ pypi SG. hf_ dop_ :AA -----BEGIN ://';
const NAME_MARKS =
  'passw passp passc pwd secret credential token key: key= key" key\' key\\ cookie: sig= signature= x-amz-';
const SPACED_NAME_MARKS = ['key ', 'bearer ', 'basic ', 'digest ', 'apikey '];
const marks = new MarkFinder([FORM_MARKS.split(' '), NAME_MARKS.split(' ').concat(SPACED_NAME_MARKS)]);

/** Whether a secret may begin in these words and go on in the words after them: `Bearer`, `password =`. */
export function secretMayBeginIn(words: string): boolean {
  return (marks.in(words) & NAME) !== 0;
}

/** The text with its secrets replaced by `[SECRET]`; the same text when there is none. Linear in its length. */
export function maskSecrets(text: string): string {
  return untilStable(text, maskedOnce);
}

function maskedOnce(text: string): string {
  const found = marks.in(text);
  if (found === 0) return text;
  let masked = text;
  if (found & FORM) {
    masked = withoutSignedTokens(masked).replace(FORMS, SECRET);
    masked = masked.replace(PRIVATE_KEY, SECRET).replace(URL_PASSWORD, `$1${SECRET}@`);
  }
  if (found & NAME) for (const pattern of assignments) masked = masked.replace(pattern, `$1${SECRET}`);
  return masked;
}

function withoutSignedTokens(text: string): string {
  let masked = '';
  let end = 0;
  for (const { 0: rest, 1: header = '', index } of text.matchAll(SIGNED_TOKEN)) {
    masked += text.slice(end, index - header.length) + SECRET;
    end = index + rest.length;
  }
  return masked + text.slice(end);
}
