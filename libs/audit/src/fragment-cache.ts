/** A stranger may name a new target in every call: so many are remembered, then all are forgotten. */
const MAX_ENTRIES = 2048;
/** A longer text is not worth the memory. */
const MAX_LENGTH = 256;

/** Remembers what was made of a text. */
export class FragmentCache {
  readonly #make: (text: string) => string;
  readonly #made = new Map<string, string>();

  constructor(make: (text: string) => string) {
    this.#make = make;
  }

  get(text: string): string {
    return this.#made.get(text) ?? this.#remember(text);
  }

  #remember(text: string): string {
    const fragment = this.#make(text);
    if (text.length > MAX_LENGTH) return fragment;
    if (this.#made.size >= MAX_ENTRIES) this.#made.clear();
    this.#made.set(text, fragment);
    return fragment;
  }
}
