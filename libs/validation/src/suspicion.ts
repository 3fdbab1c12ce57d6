export function suspicionIn(_value: unknown): string | undefined {
  return undefined;
}
