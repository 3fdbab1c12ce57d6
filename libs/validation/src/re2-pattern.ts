import type { RegExpEngine } from 'ajv/dist/types/index.js';
import { RE2JS } from 're2js';

/**
 * The engine of every `pattern` of a schema. RE2 reads a text once, whatever the pattern: no caller can make
 * `^(a+)+$` take seconds. Throws a SyntaxError for what RE2 does not know (look-around, back-references).
 */
export const re2Pattern: RegExpEngine = Object.assign(
  (pattern: string) => {
    // What is no pattern of ECMA-262 must not mean something else to RE2.
    const { source } = new RegExp(pattern, 'u');
    const compiled = RE2JS.compile(re2Syntax(source));
    // Ajv keeps the compiled patterns by what they print.
    return { test: (text: string) => compiled.test(text), toString: () => `/${pattern}/u` };
  },
  { code: 're2Pattern' },
);

/** White space as ECMA-262 has it: RE2's `\s` is ASCII only. */
const SPACE =
  '\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_SPACE =
  '\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}' +
  '\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';
const TOKEN = /\\u\{([0-9a-fA-F]+)\}|\\u([0-9a-fA-F]{4})|\\.|[[\].]/gs;

/** The pattern in RE2's syntax, meaning what ECMA-262 (the language of JSON Schema's patterns) means by it. */
function re2Syntax(pattern: string): string {
  let inClass = false;
  return pattern.replace(TOKEN, (token: string, long: string | undefined, short: string | undefined) => {
    if (long ?? short) return `\\x{${long ?? short}}`;
    if (token === '[' && inClass) return '\\[';
    if (token === '[') inClass = true;
    if (token === ']') inClass = false;
    if (token === '\\s') return inClass ? SPACE : `[${SPACE}]`;
    if (token === '\\S') return inClass ? NO_SPACE : `[${NO_SPACE}]`;
    if (token === '\\/') return '/';
    return token === '.' && !inClass ? '[^\\n\\r\\x{2028}\\x{2029}]' : token;
  });
}
