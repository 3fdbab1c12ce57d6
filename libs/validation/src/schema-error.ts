/** A DTO class says something that can't be shown to callers as JSON Schema, so it can't be enforced. Stops the boot. */
export class SchemaError extends Error {
  constructor(where: string, what: string) {
    super(`${where}: ${what}`);
    this.name = 'SchemaError';
  }
}
