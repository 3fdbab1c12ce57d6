import { isUtf8 } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { maskSecrets, SECRET } from './mask-secrets.ts';
import { isSecretName } from './secret-names.ts';

export type MaskText = (text: string) => string;

/** No answer of ours is nested like this; what lies deeper is not looked at, so it does not leave. */
const DEEPEST = 64;

/**
 * A JSON-like value with all its texts masked, and what stands under the name of a secret masked wholly. The very same
 * reference when there was nothing to mask; otherwise a copy of what had to change, never a change of the original.
 */
export function maskValue<T>(value: T, mask: MaskText = maskSecrets): T {
  return masked(value, mask, []) as T;
}

function masked(value: unknown, mask: MaskText, inside: object[]): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value !== 'object' || value === null) return value;
  // A stream, a socket or a request is no value: whoever writes it out says what of it.
  if (value instanceof EventEmitter) return value;
  // A circle can't be written as JSON: its writer will say so.
  if (inside.includes(value)) return value;
  if (inside.length === DEEPEST) return '[TOO DEEP]';
  if (value instanceof Uint8Array) return maskedBytes(value, mask);
  if (!Array.isArray(value) && 'toJSON' in value && typeof value.toJSON === 'function') {
    return maskedJson(value, value.toJSON() as unknown, mask, inside);
  }
  inside.push(value);
  const result = Array.isArray(value)
    ? maskedItems(value, mask, inside)
    : maskedProperties(value, mask, inside);
  inside.pop();
  return result;
}

function maskedItems(items: readonly unknown[], mask: MaskText, inside: object[]): unknown {
  let copy: unknown[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const item = masked(items[i], mask, inside);
    if (item !== items[i]) (copy ??= [...items])[i] = item;
  }
  return copy ?? items;
}

function maskedProperties(object: object, mask: MaskText, inside: object[]): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const name in object) {
    const value = (object as Record<string, unknown>)[name];
    const result = isSecretName(name) ? hidden(value, mask, inside) : masked(value, mask, inside);
    if (result !== value) {
      copy ??= Object.assign(Object.create(Object.getPrototypeOf(object) as object), object) as Record<
        string,
        unknown
      >;
      copy[name] = result;
    }
  }
  return copy ?? object;
}

/** A flag or an absence is no secret ("hasPassword": true), and an object has names of its own. */
function hidden(value: unknown, mask: MaskText, inside: object[]): unknown {
  if (typeof value === 'string') return value === '' ? value : SECRET;
  if (typeof value === 'number' || typeof value === 'bigint') return SECRET;
  if (!Array.isArray(value) || inside.includes(value)) return masked(value, mask, inside);
  return value.map((item) => hidden(item, mask, [...inside, value]));
}

/** What is written of such an object (a Date, a decimal) is what it says of itself. */
function maskedJson(value: object, json: unknown, mask: MaskText, inside: object[]): unknown {
  const result = json === value ? json : masked(json, mask, inside);
  return result === json ? value : result;
}

function maskedBytes(bytes: Uint8Array, mask: MaskText): Uint8Array {
  if (!isUtf8(bytes)) return bytes;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const result = mask(text);
  return result === text ? bytes : Buffer.from(result);
}
