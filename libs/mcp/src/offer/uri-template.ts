/** A variable of an RFC 6570 level 1 template. */
const VARIABLE = /\{([A-Za-z_]\w{0,63})\}/g;
/** What ends a segment of a URI, and so can't stand in a variable unless it is percent-encoded (RFC 3986, section 3). */
const DELIMITER = /[/?#]/;

/** Longest URI that is kept for as long as somebody wants to hear of its resource. */
export const MOST_URI_CHARACTERS = 2048;

/** The variables of a URI that fits a template, percent-decoded. */
export type Variables = Readonly<Record<string, string>>;

/** An RFC 6570 level 1 template, read backwards: from a URI to its variables. */
export class UriTemplate {
  readonly variables: readonly string[];
  /** The text before, between and after the variables. */
  readonly #literals: readonly string[];

  /** Throws an Error that says what is wrong with the template. */
  constructor(readonly text: string) {
    const parts = text.split(VARIABLE);
    this.variables = parts.filter((_, index) => index % 2 === 1);
    this.#literals = parts.filter((_, index) => index % 2 === 0);
    if (this.variables.length === 0) throw new Error(`${text} has no {variable}`);
    if (new Set(this.variables).size < this.variables.length)
      throw new Error(`${text} names a variable twice`);
    if (this.#literals.some((literal) => /[{}]/.test(literal)))
      throw new Error(`${text} is not RFC 6570, level 1`);
    if (this.#literals.slice(1, -1).includes(''))
      throw new Error(`${text} has nothing between two variables`);
  }

  match(uri: string): Variables | undefined {
    const [first = '', ...literals] = this.#literals;
    if (!uri.startsWith(first)) return undefined;
    const values: string[] = [];
    let start = first.length;
    for (const [index, literal] of literals.entries()) {
      const isLast = index === literals.length - 1;
      const end = isLast ? uri.length - literal.length : uri.indexOf(literal, start);
      if (end <= start || !uri.startsWith(literal, end)) return undefined;
      values.push(uri.slice(start, end));
      start = end + literal.length;
    }
    return values.some((value) => DELIMITER.test(value)) ? undefined : this.#decoded(values);
  }

  #decoded(values: readonly string[]): Variables | undefined {
    try {
      return Object.fromEntries(
        this.variables.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]),
      );
    } catch {
      return undefined; // A broken percent-encoding: no such resource.
    }
  }
}
