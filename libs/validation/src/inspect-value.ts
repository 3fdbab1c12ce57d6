import { GatehouseError, InvalidInput } from '#errors';
import type { Scanned } from './scan-json.ts';

/** Throws what `parseJson` says of a value that is JSON and still not fit to go on. Its depth is bounded already. */
export function inspectValue(value: unknown, { members, escapes }: Scanned): void {
  if (membersOf(value, escapes) !== members) {
    // A proxy that reads the first of them and we who read the last would each see another call.
    throw new InvalidInput('A key stands twice in one object');
  }
}

function membersOf(value: unknown, escapes: boolean): number {
  if (typeof value === 'string') {
    if (escapes) requireWellFormed(value);
  } else if (typeof value === 'number') {
    requireExact(value);
  } else if (Array.isArray(value)) {
    let members = 0;
    for (const item of value) members += membersOf(item, escapes);
    return members;
  } else if (typeof value === 'object' && value !== null) {
    let members = 0;
    for (const key in value) {
      requireHarmless(key);
      if (escapes) requireWellFormed(key);
      members += 1 + membersOf((value as Record<string, unknown>)[key], escapes);
    }
    return members;
  }
  return 0;
}

/** Code that merges or copies such a key by name reaches the prototype of every object (requirements 4). */
function requireHarmless(key: string): void {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
    throw new GatehouseError('DANGEROUS_INPUT', `The key ${key} is not allowed`);
  }
}

function requireWellFormed(text: string): void {
  if (!text.isWellFormed())
    throw new InvalidInput('A text is not well-formed Unicode: it holds half a character');
}

function requireExact(value: number): void {
  if (!Number.isFinite(value)) throw new InvalidInput('A number is too large');
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new InvalidInput('A whole number has more digits than are kept exactly: write it as a text');
  }
}
