import { maskSecrets } from './mask-secrets.ts';

export type MaskText = (text: string) => string;

/** A JSON-like value with all its strings masked; the same reference when there is nothing to mask. */
export function maskValue<T>(value: T, mask: MaskText = maskSecrets): T {
  return masked(value, mask) as T;
}

function masked(value: unknown, mask: MaskText): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => masked(item, mask));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, mask)]));
}
