/** What an input looks like. It is noted and scored; it blocks only where a rule says so (requirements 4). */
export type Suspicion = 'sql_injection' | 'command_injection';

/** An attack stands in the first lines of a text, and the rest of a call may be long. */
const LONGEST_TEXT = 10_000;
const LONGEST_WHOLE = 100_000;

/** Ordinary texts have none of these, and cost no more than this look. */
const WORTH_A_LOOK = /[;|&`]|\$\(|--|['"]\)?\s|\/etc\/|union|sleep|information_schema|xp_cmdshell/i;

/** Every repetition is bounded or ends at a letter, so that no text makes them look back. */
const SQL = new RegExp(
  [
    String.raw`['"]\s{0,5}\)?\s{1,5}(?:or|and)\s{1,5}\(?['"]?\w{1,20}['"]?\s{0,5}(?:=|<|>|like\s)`, // ' or 1=1
    String.raw`['"]\s{0,5}\)?\s{0,5};?\s{0,5}--`, // admin'--
    String.raw`\bunion\s{1,5}(?:all\s{1,5})?select\b`,
    String.raw`;\s{0,5}(?:drop|truncate|alter)\s{1,5}(?:table|database|schema|user)\b`,
    String.raw`;\s{0,5}(?:delete\s{1,5}from|insert\s{1,5}into|update\s{1,5}\w{1,64}\s{1,5}set|exec(?:ute)?\s{1,5}\w{1,64})\b`,
    String.raw`\b(?:pg_sleep|sleep|benchmark)\(\s{0,5}\d|\border\s{1,5}by\s{1,5}\d{1,3}\s{0,5}--`,
    String.raw`\bwaitfor\s{1,5}delay\b|\bxp_cmdshell\b|\binformation_schema\.`,
  ].join('|'),
  'i',
);

const COMMAND = new RegExp(
  [
    // ; cat /etc/passwd   | nc 10.0.0.1   && curl http://
    String.raw`[;|&\n]\s{0,5}(?:cat\s{1,5}[/~.]|rm\s{1,5}-|wget\s{1,5}(?:-|http)|curl\s{1,5}(?:-|http)|nc\s{1,5}(?:-|\d)` +
      String.raw`|(?:ba|z|k)?sh\s{1,5}-[ci]|chmod\s{1,5}[0-7+]|whoami\b|id\s{0,5}(?:$|[;|&])|uname\s{1,5}-a|powershell\b` +
      String.raw`|python3?\s{1,5}-c|perl\s{1,5}-e|ping\s{1,5}-[cn]|sleep\s{1,5}\d)`,
    String.raw`\$\(\s{0,5}(?:cat|id|whoami|curl|wget|ls|uname|nc|sh|bash|env|sleep)\b`, // $(whoami)
    '`\\s{0,5}(?:cat|id|whoami|curl|wget|uname|nc|sleep)\\b[^`\\n]{0,200}`',
    String.raw`/etc/(?:passwd|shadow)\b`,
  ].join('|'),
  'i',
);

/** Looks through the strings of a JSON value. */
export function suspicionIn(value: unknown): Suspicion | undefined {
  return new Look().at(value);
}

class Look {
  #left = LONGEST_WHOLE;

  at(value: unknown): Suspicion | undefined {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null) return undefined;
    for (const key in value) {
      const found = this.at((value as Record<string, unknown>)[key]);
      if (found || this.#left <= 0) return found;
    }
    return undefined;
  }

  #text(text: string): Suspicion | undefined {
    const start = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
    this.#left -= start.length;
    if (!WORTH_A_LOOK.test(start)) return undefined;
    if (SQL.test(start)) return 'sql_injection';
    return COMMAND.test(start) ? 'command_injection' : undefined;
  }
}
