const MAX_LENGTH = 100;

/** What a client calls itself, without what would turn the words beside it around, or hide among them. */
export function readableName(name: unknown): string {
  const text = typeof name === 'string' ? name.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim() : '';
  return text.slice(0, MAX_LENGTH).toWellFormed() || 'A client without a name';
}
